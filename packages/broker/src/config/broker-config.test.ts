import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { suite, test } from 'node:test';
import { isMillraceError, type Disk } from '@millrace/base';
import { MemoryDisk } from '@millrace/testkit';
import { readBrokerConfig, type BrokerConfig } from './broker-config.ts';

interface Given {
  readonly environment?: Record<string, string>;
  readonly overrides?: Record<string, string>;
  readonly file?: string;
}

function config({ environment = {}, overrides = {}, file }: Given): BrokerConfig {
  const disk = new MemoryDisk();
  if (file !== undefined) writeFile(disk, '/server.properties', file);
  const args = Object.entries(overrides).flatMap(([name, value]) => ['--override', `${name}=${value}`]);
  return readBrokerConfig({ args: file === undefined ? args : ['/server.properties', ...args], environment, disk });
}

function writeFile(disk: Disk, path: string, text: string): void {
  const file = disk.open(path, { create: true });
  file.writeSync([Buffer.from(text)], 0);
  file.close();
}

const advertised = (broker: BrokerConfig): string[] =>
  broker.listeners.map(({ name }) => {
    const { host, port } = broker.advertised(name);
    return `${name}://${host}:${port}`;
  });

function refuses(given: Given, expected: RegExp): void {
  assert.throws(
    () => config(given),
    (error) => {
      assert.ok(isMillraceError(error) && error.code === 'CONFIG', String(error));
      assert.match(error.message, expected);
      return true;
    },
  );
}

/** The variables of the most copied compose files, those for KRaft. */
const compose = {
  KAFKA_NODE_ID: '1',
  KAFKA_PROCESS_ROLES: 'broker,controller',
  KAFKA_CONTROLLER_QUORUM_VOTERS: '1@broker:29093',
  KAFKA_LISTENERS: 'PLAINTEXT://broker:29092,CONTROLLER://broker:29093,PLAINTEXT_HOST://0.0.0.0:9092',
  KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://broker:29092,PLAINTEXT_HOST://localhost:9092',
  KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PLAINTEXT_HOST:PLAINTEXT',
  KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
  KAFKA_INTER_BROKER_LISTENER_NAME: 'PLAINTEXT',
  KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
  KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
  KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
  KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
  KAFKA_LOG_DIRS: '/tmp/kraft-combined-logs',
  CLUSTER_ID: 'MkU3OEVBNTcwNTJENDM2Qk',
};

suite('without anything given', () => {
  test('a broker runs for this machine only', () => {
    const laptop = config({});
    assert.equal(laptop.nodeId, 1);
    assert.equal(laptop.clusterId, undefined);
    assert.deepEqual(laptop.listeners, [{ name: 'PLAINTEXT', host: 'localhost', port: 9092, protocol: 'PLAINTEXT' }]);
    assert.deepEqual(laptop.advertised('PLAINTEXT'), { host: 'localhost', port: 9092 });
    assert.deepEqual(laptop.controllerListenerNames, []);
    assert.deepEqual(laptop.logDirs, ['data/millrace']);
    assert.deepEqual(laptop.adminListener, { host: '127.0.0.1', port: 9404 });
    assert.equal(laptop.durability, 'sync');
    assert.equal(laptop.values['offsets.topic.replication.factor'], 1);
    assert.equal(laptop.values['group.initial.rebalance.delay.ms'], 0);
    assert.deepEqual(laptop.warnings, []);
  });

  test('overrides change single things', () => {
    const changed = config({
      overrides: {
        listeners: 'PLAINTEXT://127.0.0.1:0',
        'broker.id': '7',
        'log.dirs': '/a,/b',
        'admin.listener': '',
        'log.durability': 'os',
      },
    });
    assert.equal(changed.nodeId, 7);
    assert.deepEqual(changed.listeners[0], { name: 'PLAINTEXT', host: '127.0.0.1', port: 0, protocol: 'PLAINTEXT' });
    assert.deepEqual(changed.logDirs, ['/a', '/b']);
    assert.equal(changed.adminListener, undefined);
    assert.equal(changed.durability, 'os');
    assert.equal(changed.values['group.initial.rebalance.delay.ms'], 0);
  });
});

suite('from the environment', () => {
  test('the usual compose file works', () => {
    const broker = config({ environment: compose });
    assert.equal(broker.nodeId, 1);
    assert.equal(broker.clusterId, 'MkU3OEVBNTcwNTJENDM2Qk');
    assert.deepEqual(broker.logDirs, ['/tmp/kraft-combined-logs']);
    assert.deepEqual(broker.controllerListenerNames, ['CONTROLLER']);
    assert.deepEqual(
      broker.listeners.map(({ name, host, port }) => [name, host, port]),
      [
        ['PLAINTEXT', 'broker', 29092],
        ['CONTROLLER', 'broker', 29093],
        ['PLAINTEXT_HOST', '0.0.0.0', 9092],
      ],
    );
    assert.deepEqual(advertised(broker), [
      'PLAINTEXT://broker:29092',
      'CONTROLLER://broker:29093',
      'PLAINTEXT_HOST://localhost:9092',
    ]);
    assert.equal(broker.values['group.initial.rebalance.delay.ms'], 0);
    assert.equal(broker.values['offsets.topic.num.partitions'], 50);
    assert.deepEqual(broker.warnings, ['Accepted, but without effect yet: transaction.state.log.replication.factor.']);
    assert.equal(broker.properties.get('listeners'), compose.KAFKA_LISTENERS);
  });

  test('so does one from the time of ZooKeeper, with one word about it', () => {
    const broker = config({
      environment: {
        KAFKA_BROKER_ID: '3',
        KAFKA_ZOOKEEPER_CONNECT: 'zookeeper:2181',
        KAFKA_ZOOKEEPER_SESSION_TIMEOUT_MS: '1000',
        KAFKA_ADVERTISED_LISTENERS: 'INTERNAL://kafka:19092,EXTERNAL://127.0.0.1:9092',
        KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'INTERNAL:PLAINTEXT,EXTERNAL:PLAINTEXT',
        KAFKA_INTER_BROKER_LISTENER_NAME: 'INTERNAL',
        KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
        KAFKA_CONFLUENT_SUPPORT_METRICS_ENABLE: 'false',
      },
    });
    assert.equal(broker.nodeId, 3);
    assert.deepEqual(
      broker.listeners.map(({ host, port }) => [host, port]),
      [
        ['0.0.0.0', 19092],
        ['0.0.0.0', 9092],
      ],
    );
    assert.deepEqual(advertised(broker), ['INTERNAL://kafka:19092', 'EXTERNAL://127.0.0.1:9092']);
    assert.deepEqual(broker.warnings, ['ZooKeeper is not needed and not asked: the zookeeper.* settings are ignored.']);
  });

  test('what testcontainers sets is taken: 2^63-1, free names, no hosts', () => {
    const broker = config({
      environment: {
        KAFKA_LISTENERS: 'PLAINTEXT://0.0.0.0:9093,BROKER://0.0.0.0:9092,TC-0://:19000,CONTROLLER://0.0.0.0:9094',
        KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://localhost:33001,BROKER://abc:9092',
        KAFKA_LISTENER_SECURITY_PROTOCOL_MAP:
          'BROKER:PLAINTEXT,PLAINTEXT:PLAINTEXT,TC-0:PLAINTEXT,CONTROLLER:PLAINTEXT',
        KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
        KAFKA_LOG_FLUSH_INTERVAL_MESSAGES: '9223372036854775807',
      },
    });
    assert.equal(broker.values['log.flush.interval.messages'], Number.MAX_SAFE_INTEGER);
    assert.equal(broker.properties.get('log.flush.interval.messages'), '9223372036854775807');
    assert.deepEqual(advertised(broker), [
      'PLAINTEXT://localhost:33001',
      'BROKER://abc:9092',
      `TC-0://${hostname()}:19000`,
      `CONTROLLER://${hostname()}:9094`,
    ]);
    assert.equal(broker.nodeId, 1);
  });

  test('what nobody sets then has Kafka’s default', () => {
    const broker = config({ environment: { KAFKA_NODE_ID: '5' } });
    assert.deepEqual(broker.listeners, [{ name: 'PLAINTEXT', host: '', port: 9092, protocol: 'PLAINTEXT' }]);
    assert.deepEqual(broker.advertised('PLAINTEXT'), { host: hostname(), port: 9092 });
    assert.equal(broker.values['offsets.topic.replication.factor'], 3);
    assert.equal(broker.values['group.initial.rebalance.delay.ms'], 3000);
  });
});

suite('from several sources', () => {
  test('variables win over the file, overrides over variables', () => {
    const broker = config({
      file: 'num.partitions=2\nmin.insync.replicas=2\nmessage.max.bytes=2000\nlisteners=PLAINTEXT://localhost:9192\n',
      environment: { KAFKA_NUM_PARTITIONS: '3', KAFKA_MESSAGE_MAX_BYTES: '3000' },
      overrides: { 'message.max.bytes': '4000' },
    });
    assert.equal(broker.values['min.insync.replicas'], 2);
    assert.equal(broker.values['num.partitions'], 3);
    assert.equal(broker.values['message.max.bytes'], 4000);
    assert.equal(broker.listeners[0]?.port, 9192);
  });

  test('a listener called CONTROLLER is the controller’s, and speaks plain text, without further words', () => {
    const broker = config({
      file: 'listeners=CLIENTS://localhost:1,CONTROLLER://localhost:2\nlistener.security.protocol.map=clients:plaintext',
    });
    assert.deepEqual(broker.controllerListenerNames, ['CONTROLLER']);
    assert.deepEqual(
      broker.listeners.map(({ protocol }) => protocol),
      ['PLAINTEXT', 'PLAINTEXT'],
    );
  });

  test('names that mean nothing are told, with the nearest that does', () => {
    const { warnings } = config({
      overrides: {
        'num.partition': '3',
        'quite.another.thing': '1',
        'confluent.x': '1',
        'super.users': 'User:a',
        'num.io.threads': '8',
        'num.network.threads': '9',
      },
    });
    assert.deepEqual(warnings, [
      'Unknown configuration num.partition is ignored: did you mean num.partitions?',
      'Unknown configuration quite.another.thing is ignored.',
      'Accepted, but without effect yet: num.network.threads, super.users.',
    ]);
  });
});

suite('what cannot be is refused with one sentence', () => {
  const wrong: readonly (readonly [string, Given, RegExp])[] = [
    [
      'a number that is none',
      { overrides: { 'num.partitions': 'six' } },
      /^Invalid value six for configuration num\.partitions: Not a number of type INT$/,
    ],
    ['node ids that differ', { overrides: { 'node.id': '1', 'broker.id': '2' } }, /set only node\.id/],
    ['a controller alone', { overrides: { 'process.roles': 'controller' } }, /broker,controller/],
    ['a broker alone', { overrides: { 'process.roles': 'broker' } }, /broker,controller/],
    ['an unknown role', { overrides: { 'process.roles': 'brokers' } }, /String must be one of: broker, controller/],
    [
      'several voters',
      { overrides: { 'controller.quorum.voters': '1@a:1,2@b:1' } },
      /this version runs one node; name only 1@host:port/,
    ],
    ['another voter', { overrides: { 'controller.quorum.voters': '2@b:1' } }, /node\.id 1 must be among the voters/],
    ['a voter without id', { overrides: { 'controller.quorum.voters': 'b:1' } }, /id@host:port/],
    [
      'several controllers',
      { overrides: { 'controller.quorum.bootstrap.servers': 'a:1,b:1' } },
      /this version runs one node/,
    ],
    ['a controller without port', { overrides: { 'controller.quorum.bootstrap.servers': 'a' } }, /host:port/],
    ['a listener without name', { overrides: { listeners: 'localhost:9092' } }, /NAME:\/\/host:port/],
    ['a port beyond all ports', { overrides: { listeners: 'A://h:65536' } }, /NAME:\/\/host:port/],
    ['a listener twice', { overrides: { listeners: 'PLAINTEXT://a:1,plaintext://b:2' } }, /PLAINTEXT is named twice/],
    [
      'listeners on one port',
      { overrides: { listeners: 'PLAINTEXT://:1,CONTROLLER://:1' } },
      /PLAINTEXT and CONTROLLER cannot share :1/,
    ],
    [
      'a listener without protocol',
      { overrides: { listeners: 'INTERNAL://localhost:1' } },
      /add INTERNAL:PLAINTEXT to listener\.security\.protocol\.map/,
    ],
    [
      'a protocol that is none',
      { overrides: { 'listener.security.protocol.map': 'PLAINTEXT:PLAIN' } },
      /the protocol must be one of PLAINTEXT, SSL/,
    ],
    ['a map without protocol', { overrides: { 'listener.security.protocol.map': 'PLAINTEXT' } }, /NAME:PROTOCOL/],
    ['TLS', { overrides: { listeners: 'SSL://localhost:1' } }, /neither TLS nor SASL yet/],
    [
      'no listener for clients',
      { overrides: { listeners: 'CONTROLLER://:1' } },
      /there must be a listener for clients/,
    ],
    ['no listener at all', { overrides: { listeners: '' } }, /there must be a listener for clients/],
    [
      'a controller that does not listen',
      { overrides: { 'controller.listener.names': 'C' } },
      /one of them must be in listeners, which has PLAINTEXT/,
    ],
    [
      'an advertised stranger',
      { overrides: { 'advertised.listeners': 'OTHER://a:1' } },
      /OTHER must be in listeners, which has PLAINTEXT/,
    ],
    [
      'an address that nobody reaches',
      { overrides: { 'advertised.listeners': 'PLAINTEXT://0.0.0.0:1' } },
      /clients of PLAINTEXT cannot connect to 0\.0\.0\.0/,
    ],
    [
      'all interfaces, not advertised otherwise',
      { overrides: { listeners: 'PLAINTEXT://0.0.0.0:1' } },
      /clients of PLAINTEXT cannot connect to 0\.0\.0\.0/,
    ],
    [
      'brokers on a listener that is not there',
      { overrides: { 'inter.broker.listener.name': 'X' } },
      /it must be in listeners/,
    ],
    [
      'brokers on the controller’s listener',
      { overrides: { listeners: 'PLAINTEXT://a:1,CONTROLLER://a:2', 'inter.broker.listener.name': 'CONTROLLER' } },
      /must not be a controller listener/,
    ],
    [
      'less memory than one request',
      { overrides: { 'queued.max.request.bytes': '1000' } },
      /at least socket\.request\.max\.bytes/,
    ],
    [
      'sessions upside down',
      { overrides: { 'group.min.session.timeout.ms': '9000', 'group.max.session.timeout.ms': '8000' } },
      /at most group\.max\.session\.timeout\.ms/,
    ],
    [
      'a session of consumer groups out of its bounds',
      { overrides: { 'group.consumer.session.timeout.ms': '10000' } },
      /at least group\.consumer\.min\.session\.timeout\.ms, which is 45000/,
    ],
    [
      'heartbeats that are later than the end of the session',
      {
        overrides: {
          'group.consumer.max.heartbeat.interval.ms': '50000',
          'group.consumer.heartbeat.interval.ms': '46000',
        },
      },
      /less than group\.consumer\.session\.timeout\.ms/,
    ],
    [
      'an assignor that nobody knows',
      { overrides: { 'group.consumer.assignors': 'uniform,best' } },
      /only uniform and range are known/,
    ],
    ['a codec that is none', { overrides: { 'offsets.topic.compression.codec': '5' } }, /it must be 0 for none/],
    ['nobody may connect', { overrides: { 'max.connections.per.ip': '0' } }, /nobody could connect/],
    ['no data directory', { overrides: { 'log.dirs': '' } }, /name at least one folder/],
    ['an admin port without port', { overrides: { 'admin.listener': 'localhost' } }, /host:port, or empty for none/],
    ['a durability that is none', { overrides: { 'log.durability': 'maybe' } }, /String must be one of: sync, os/],
    ['retention of nothing', { overrides: { 'log.retention.ms': '0' } }, /Value must be at least 1, or -1/],
  ];
  for (const [name, given, expected] of wrong) {
    test(name, () => refuses(given, expected));
  }

  test('a command line that makes no sense', () => {
    const read =
      (...args: string[]) =>
      () =>
        readBrokerConfig({ args, environment: {}, disk: new MemoryDisk() });
    assert.throws(read('/missing.properties'), /There is no properties file \/missing\.properties\./);
    assert.throws(read('--overide', 'a=b'), /There is no option --overide/);
    assert.throws(read('--override'), /--override needs key=value, not nothing/);
    assert.throws(read('--override', 'a'), /--override needs key=value, not a/);
    assert.throws(read('a.properties', 'b.properties'), /Only one properties file/);
    assert.equal(read('--override=num.partitions=4')().values['num.partitions'], 4);
  });

  test('a listener that is not there has no address', () => {
    assert.throws(() => config({}).advertised('NOPE'), /There is no listener NOPE/);
  });
});

suite('addresses', () => {
  test('may be of IPv6, and may share a port on different hosts', () => {
    const { listeners } = config({
      overrides: {
        listeners: 'PLAINTEXT://[::1]:9092,EXTERNAL://127.0.0.1:9092',
        'listener.security.protocol.map': 'EXTERNAL:PLAINTEXT',
      },
    });
    assert.deepEqual(
      listeners.map(({ host, port }) => [host, port]),
      [
        ['::1', 9092],
        ['127.0.0.1', 9092],
      ],
    );
  });
});
