// Runs against: Millrace
/**
 * What users get wrong first, and what they are told: a code to act on, whether to try again, and a sentence that names what was wrong and
 * what to do. What needs a cluster of several brokers, ACLs or logins is in the tests of these.
 */
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { after, before, suite, test } from 'node:test';

import { Admin, type ClientErrorCode, Consumer, isClientError, Producer, ShareConsumer } from '@millrace/client';
import { startBroker, type TestBroker } from '@millrace/testkit';

type Fate = 'final' | 'retriable' | 'fatal' | 'abortable';
type Mistake = readonly [what: string, make: () => unknown, code: ClientErrorCode, fate: Fate, says: RegExp];

/** Given as somebody without types would. */
type Loose = Readonly<Record<string, unknown>>;

const quick = { 'retry.backoff.max.ms': 100, 'reconnect.backoff.max.ms': 100, 'default.api.timeout.ms': 1000 } as const;
const quickProducer = {
  ...quick,
  'max.block.ms': 1000,
  'request.timeout.ms': 500,
  'delivery.timeout.ms': 1000,
} as const;
const nowhere = '127.0.0.1:1';
const clear = { username: 'alice', password: 'secret' };

let broker: TestBroker;
const servers: net.Server[] = [];
const ports = { silent: 0, closing: 0, web: 0 };

before(async () => {
  broker = await startBroker({ 'auto.create.topics.enable': 'false' });
  const silent = net.createServer((socket) => void socket.on('error', () => {}));
  const closing = net.createServer((socket) => void socket.on('error', () => {}).destroy());
  const web = http.createServer((_, answer) => answer.end());
  for (const [name, server] of Object.entries({ silent, closing, web })) {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ports[name as keyof typeof ports] = (server.address() as net.AddressInfo).port;
  }
  await using admin = new Admin({ 'bootstrap.servers': broker.bootstrap });
  await admin.createTopics([
    't',
    { name: 'compacted', configs: { 'cleanup.policy': 'compact' } },
    { name: 'small', configs: { 'max.message.bytes': '1000' } },
    { name: 'safe', configs: { 'min.insync.replicas': '2' } },
  ]);
});

after(async () => {
  for (const server of servers) server.close();
  await broker.stop();
});

const producerOf = (options: Loose = {}): Producer =>
  new Producer({ 'bootstrap.servers': broker.bootstrap, ...quickProducer, ...options });

const consumerOf = (options: Loose = {}): Consumer =>
  new Consumer({ 'bootstrap.servers': broker.bootstrap, ...quick, ...options });

async function send(options: Loose, record: unknown = { topic: 't', value: 'v' }): Promise<void> {
  const producer = producerOf(options);
  try {
    await producer.send(record as never);
  } finally {
    await producer.close({ timeoutMs: 0 });
  }
}

async function ask(options: Loose, call: (admin: Admin) => Promise<unknown> = (it) => it.listTopics()): Promise<void> {
  await using admin = new Admin({ 'bootstrap.servers': broker.bootstrap, ...quick, ...options });
  await call(admin);
}

async function read(options: Loose, prepare: (consumer: Consumer) => unknown): Promise<void> {
  await using consumer = consumerOf(options);
  await prepare(consumer);
  for await (const { value } of consumer) assert.fail(`nothing is there, but ${value?.length} bytes came`);
}

async function transact(options: Loose, work: (producer: Producer) => unknown): Promise<void> {
  await using producer = producerOf({ 'transactional.id': 'id', ...options });
  await work(producer);
}

/** Somebody is there already, with another strategy. */
const joinOthers = async (): Promise<void> => {
  const options = { 'group.id': 'mixed', 'auto.offset.reset': 'earliest' };
  await using first = consumerOf({ ...options, 'partition.assignment.strategy': 'range' });
  first.subscribe(['t']);
  const reading = (async () => {
    for await (const { value } of first) assert.fail(`nothing is there, but ${value?.length} bytes came`);
  })();
  while (first.assignment().length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  try {
    await read({ ...options, 'partition.assignment.strategy': 'roundrobin' }, (it) => it.subscribe(['t']));
  } finally {
    await first.close();
    await reading;
  }
};

/** The broker tells clients an address where nobody listens. */
const throughWrongAddress = async (): Promise<void> => {
  await using astray = await startBroker({ 'advertised.listeners': `PLAINTEXT://${nowhere}` });
  await send({ 'bootstrap.servers': `127.0.0.1:${astray.broker.portOf('PLAINTEXT')}` });
};

const wrongPlaces: readonly Mistake[] = [
  ['an address that only brokers know', throughWrongAddress, 'TIMEOUT', 'retriable', /advertised\.listeners/],
  [
    'nobody listens, for a producer',
    () => send({ 'bootstrap.servers': nowhere }),
    'TIMEOUT',
    'retriable',
    /127\.0\.0\.1:1 .*is the broker running/,
  ],
  [
    'nobody listens, for an admin',
    () => ask({ 'bootstrap.servers': nowhere }),
    'TIMEOUT',
    'retriable',
    /127\.0\.0\.1:1 .*is the broker running/,
  ],
  [
    'a host that nobody knows',
    () => ask({ 'bootstrap.servers': 'no-such-host.invalid:9092' }),
    'TIMEOUT',
    'retriable',
    /no-such-host\.invalid/,
  ],
  [
    'a host without a port',
    () => ask({ 'bootstrap.servers': 'localhost' }),
    'CONFIG',
    'final',
    /"localhost" .* not host:port/,
  ],
  [
    'an address of HTTP',
    () => ask({ 'bootstrap.servers': 'http://localhost:9092' }),
    'CONFIG',
    'final',
    /address of HTTP/,
  ],
  ['no address', () => ask({ 'bootstrap.servers': undefined }), 'CONFIG', 'final', /at least one broker, like/],
  [
    'somebody who never answers',
    () => ask({ 'bootstrap.servers': `127.0.0.1:${ports.silent}`, 'request.timeout.ms': 200 }),
    'TIMEOUT',
    'retriable',
    /did not answer apiVersions within/,
  ],
  [
    'somebody who hangs up',
    () => ask({ 'bootstrap.servers': `127.0.0.1:${ports.closing}` }),
    'TIMEOUT',
    'retriable',
    /perhaps it expects TLS \(security\.protocol\)/,
  ],
  [
    'a web server',
    () => ask({ 'bootstrap.servers': `127.0.0.1:${ports.web}` }),
    'TIMEOUT',
    'retriable',
    /this is HTTP/,
  ],
  [
    'TLS where there is none',
    () => ask({ 'security.protocol': 'SSL' }),
    'TIMEOUT',
    'retriable',
    /Does this port speak TLS/,
  ],
  [
    'a login where there is none',
    () => ask({ 'security.protocol': 'SASL_PLAINTEXT', 'sasl.mechanism': 'PLAIN', sasl: clear }),
    'AUTHENTICATION',
    'final',
    /asks for no login/,
  ],
  [
    'a login without a mechanism',
    () => ask({ 'security.protocol': 'SASL_PLAINTEXT' }),
    'CONFIG',
    'final',
    /Set it to PLAIN, SCRAM/,
  ],
  [
    'a login without a name',
    () => ask({ 'security.protocol': 'SASL_PLAINTEXT', 'sasl.mechanism': 'PLAIN' }),
    'CONFIG',
    'final',
    /name and a password/,
  ],
  ['a name without a login', () => ask({ sasl: clear }), 'CONFIG', 'final', /security\.protocol is PLAINTEXT/],
  [
    'a broker that is not there',
    () => ask({}, (it) => it.describeLogDirs([99])),
    'TIMEOUT',
    'retriable',
    /no broker 99/,
  ],
];

const wrongOptions: readonly Mistake[] = [
  [
    'no options',
    () => new (Producer as unknown as new () => Producer)(),
    'CONFIG',
    'final',
    /like \{ 'bootstrap\.servers'/,
  ],
  ['an option with a slip', () => producerOf({ 'linger.mss': 5 }), 'CONFIG', 'final', /Did you mean "linger\.ms"/],
  [
    'an option of kafkajs',
    () => producerOf({ brokers: ['a:1'] }),
    'CONFIG',
    'final',
    /Here it is "bootstrap\.servers"/,
  ],
  [
    'an option of librdkafka',
    () => producerOf({ 'queue.buffering.max.ms': 5 }),
    'CONFIG',
    'final',
    /Here it is "linger\.ms"/,
  ],
  ['an option of another door', () => consumerOf({ 'linger.ms': 5 }), 'CONFIG', 'final', /an option of Producer/],
  [
    'an option of Java',
    () => producerOf({ 'key.serializer': 'StringSerializer' }),
    'CONFIG',
    'final',
    /as `topics` says/,
  ],
  [
    'a word for a number',
    () => producerOf({ 'linger.ms': 'soon' }),
    'CONFIG',
    'final',
    /"linger\.ms" cannot be "soon": it takes a whole number/,
  ],
  ['a number that is too small', () => producerOf({ 'linger.ms': -1 }), 'CONFIG', 'final', /at least 0/],
  ['an object for a number', () => producerOf({ 'linger.ms': {} }), 'CONFIG', 'final', /"linger\.ms" is an object/],
  ['a codec that is none', () => producerOf({ 'compression.type': 'brotli' }), 'CONFIG', 'final', /none, gzip, snappy/],
  [
    'idempotence against acks',
    () => producerOf({ 'enable.idempotence': true, acks: '1' }),
    'CONFIG',
    'final',
    /needs acks=all, not 1/,
  ],
  [
    'times that do not fit',
    () => producerOf({ 'delivery.timeout.ms': 5 }),
    'CONFIG',
    'final',
    /at least linger\.ms \+ request\.timeout\.ms/,
  ],
  [
    'a partitioner of Java',
    () => producerOf({ 'partitioner.class': 'com.acme.Mine' }),
    'CONFIG',
    'final',
    /a function as the option "partitioner"/,
  ],
  [
    'heartbeats that are too slow',
    () => consumerOf({ 'group.id': 'g', 'heartbeat.interval.ms': 10_000, 'session.timeout.ms': 10_000 }),
    'CONFIG',
    'final',
    /heartbeat\.interval\.ms \(10000\) must be below session\.timeout\.ms/,
  ],
  [
    'an assignor with a slip',
    () => consumerOf({ 'group.id': 'g', 'partition.assignment.strategy': 'rnage' }),
    'CONFIG',
    'final',
    /names "rnage", which is none of range/,
  ],
  ['reading of nothing', () => read({ 'group.id': 'g' }, () => {}), 'STATE', 'final', /subscribe to topics, or assign/],
  [
    'a share consumer without a group',
    () => new ShareConsumer({ 'bootstrap.servers': nowhere }),
    'CONFIG',
    'final',
    /needs a group\.id/,
  ],
];

const wrongRecords: readonly Mistake[] = [
  [
    'a topic that is not there',
    () => send({}, { topic: 'nope', value: 'v' }),
    'UNKNOWN_TOPIC_OR_PARTITION',
    'retriable',
    /"nope" .*createTopics/,
  ],
  [
    'a topic that cannot be',
    () => send({}, { topic: 'not ok!', value: 'v' }),
    'INVALID_TOPIC_EXCEPTION',
    'final',
    /"not ok!"/,
  ],
  ['no topic', () => send({}, { value: 'v' }), 'INVALID_TOPIC_EXCEPTION', 'final', /names no topic/],
  ['no record', () => send({}, null), 'SERIALIZATION', 'final', /A record is an object like .* not null/],
  [
    'a partition that is not there',
    () => send({}, { topic: 't', partition: 7 }),
    'UNKNOWN_TOPIC_OR_PARTITION',
    'final',
    /"t" has no partition 7; it has 1/,
  ],
  [
    'a partitioner astray',
    () => send({ partitioner: () => 9 }),
    'UNKNOWN_TOPIC_OR_PARTITION',
    'final',
    /9, which the partitioner chose/,
  ],
  [
    'an object without a serde',
    () => send({}, { topic: 't', value: {} }),
    'SERIALIZATION',
    'final',
    /is an object, .* json\(\)/,
  ],
  [
    'a header that is a number',
    () => send({}, { topic: 't', headers: { a: 5 } }),
    'SERIALIZATION',
    'final',
    /Header "a" is a number/,
  ],
  [
    'headers that are none',
    () => send({}, { topic: 't', headers: 'a' }),
    'SERIALIZATION',
    'final',
    /Headers are an object/,
  ],
  [
    'a date for a timestamp',
    () => send({}, { topic: 't', timestamp: '2020' }),
    'SERIALIZATION',
    'final',
    /milliseconds since 1970/,
  ],
  [
    'more than max.request.size',
    () => send({ 'max.request.size': 100 }, { topic: 't', value: 'x'.repeat(200) }),
    'MESSAGE_TOO_LARGE',
    'final',
    /max\.request\.size \(100\)/,
  ],
  [
    'more than the topic takes',
    () => send({}, { topic: 'small', value: 'x'.repeat(2000) }),
    'MESSAGE_TOO_LARGE',
    'final',
    /max\.message\.bytes/,
  ],
  [
    'no key in a compacted topic',
    () => send({}, { topic: 'compacted', value: 'v' }),
    'INVALID_RECORD',
    'final',
    /no key, and the topic is compacted/,
  ],
  [
    'too few replicas',
    () => send({}, { topic: 'safe', value: 'v' }),
    'TIMEOUT',
    'retriable',
    /NOT_ENOUGH_REPLICAS: .*min\.insync\.replicas/,
  ],
];

const wrongStates: readonly Mistake[] = [
  [
    'a text for topics',
    () => read({ 'group.id': 'g' }, (it) => it.subscribe('t' as never)),
    'CONFIG',
    'final',
    /\['orders'\]/,
  ],
  [
    'a bare pattern',
    () => read({ 'group.id': 'g' }, (it) => it.subscribe(/t/ as never)),
    'CONFIG',
    'final',
    /\{ pattern: /,
  ],
  [
    'a group of another strategy',
    joinOthers,
    'INCONSISTENT_GROUP_PROTOCOL',
    'final',
    /"mixed" .*partition\.assignment\.strategy in common/,
  ],
  [
    'a closed producer',
    async () => {
      const it = producerOf();
      await it.close();
      await it.send({ topic: 't' });
    },
    'CLOSED',
    'final',
    /producer was closed/,
  ],
  [
    'a closed consumer',
    async () => {
      const it = consumerOf({ 'group.id': 'g' });
      await it.close();
      it.subscribe(['t']);
    },
    'CLOSED',
    'final',
    /consumer was closed/,
  ],
  [
    'a transaction without an id',
    () => {
      const it = producerOf();
      it.beginTransaction();
    },
    'STATE',
    'final',
    /without transactional\.id/,
  ],
  [
    'a transaction before its time',
    () => transact({}, (it) => it.beginTransaction()),
    'STATE',
    'final',
    /initTransactions\(\) has not been called/,
  ],
  [
    'records outside of transactions',
    () => transact({}, (it) => it.send({ topic: 't' })),
    'STATE',
    'final',
    /initTransactions\(\) has not been called/,
  ],
  [
    'beginning twice',
    () =>
      transact({}, async (it) => {
        await it.initTransactions();
        it.beginTransaction();
        it.beginTransaction();
      }),
    'STATE',
    'final',
    /a transaction is open/,
  ],
  [
    'initializing twice',
    () =>
      transact({}, async (it) => {
        await it.initTransactions();
        await it.initTransactions();
      }),
    'STATE',
    'final',
    /initialized already/,
  ],
  [
    'committing nothing',
    () =>
      transact({}, async (it) => {
        await it.initTransactions();
        await it.commitTransaction();
      }),
    'STATE',
    'final',
    /call beginTransaction\(\) first/,
  ],
  [
    'too long a transaction',
    () => transact({ 'transaction.timeout.ms': 99_999_999 }, (it) => it.initTransactions()),
    'INVALID_TRANSACTION_TIMEOUT',
    'fatal',
    /transaction\.max\.timeout\.ms/,
  ],
  ['subscribing without a group', () => read({}, (it) => it.subscribe(['t'])), 'CONFIG', 'final', /needs a group\.id/],
  [
    'committing without a group',
    () =>
      read({}, async (it) => {
        await it.assign([{ topic: 't', partition: 0 }]);
        await it.commitSync();
      }),
    'CONFIG',
    'final',
    /set group\.id/,
  ],
  [
    'seeking what is not assigned',
    () =>
      read({}, async (it) => {
        await it.assign([{ topic: 't', partition: 0 }]);
        it.seek({ topic: 'x', partition: 0 }, 5n);
      }),
    'STATE',
    'final',
    /x-0 is not assigned/,
  ],
  [
    'nothing committed and nowhere to begin',
    () => read({ 'group.id': 'g', 'auto.offset.reset': 'none' }, (it) => it.subscribe(['t'])),
    'NO_OFFSET',
    'final',
    /t-0 .*auto\.offset\.reset is none/,
  ],
  [
    'too long a session',
    () => read({ 'group.id': 'g', 'session.timeout.ms': 99_999_999 }, (it) => it.subscribe(['t'])),
    'INVALID_SESSION_TIMEOUT',
    'final',
    /group\.max\.session\.timeout\.ms/,
  ],
  [
    'a topic made twice',
    () => ask({}, (it) => it.createTopics(['t'])),
    'TOPIC_ALREADY_EXISTS',
    'final',
    /'t' already exists/,
  ],
  [
    'more replicas than brokers',
    () => ask({}, (it) => it.createTopics([{ name: 'r', replicationFactor: 3 }])),
    'INVALID_REPLICATION_FACTOR',
    'final',
    /only 1 broker/,
  ],
  [
    'a setting that cannot be',
    () => ask({}, (it) => it.createTopics([{ name: 'c', configs: { 'retention.ms': 'x' } }])),
    'INVALID_CONFIG',
    'final',
    /retention\.ms/,
  ],
  [
    'fewer partitions',
    () => ask({}, (it) => it.createPartitions([{ topic: 't', totalCount: 1 }])),
    'INVALID_PARTITIONS',
    'final',
    /"t" to 1 partitions/,
  ],
  [
    'a group that is not there',
    () => ask({}, (it) => it.describeConsumerGroups(['nope'])),
    'GROUP_ID_NOT_FOUND',
    'final',
    /"nope"/,
  ],
];

for (const [kind, mistakes] of Object.entries({
  places: wrongPlaces,
  options: wrongOptions,
  records: wrongRecords,
  states: wrongStates,
}))
  suite(`mistakes with ${kind} are told kindly`, { concurrency: 4 }, () => {
    for (const [what, make, code, fate, says] of mistakes)
      test(what, async () => {
        const error = await failureOf(make);
        assert.ok(isClientError(error), `${String(error)} is no ClientError`);
        const found = error.fatal ? 'fatal' : error.abortable ? 'abortable' : error.retriable ? 'retriable' : 'final';
        assert.deepEqual([error.code, found], [code, fate], error.message);
        assert.match(error.message, says);
        assert.doesNotMatch(error.message, /undefined|\[object|NaN/);
      });
  });

async function failureOf(make: () => unknown): Promise<unknown> {
  try {
    await make();
  } catch (error) {
    return error;
  }
  assert.fail('nothing was said');
}
