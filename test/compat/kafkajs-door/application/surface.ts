// What can be imported, and what works without a broker: enums, error classes, the assigner protocol, partitioners, codecs, loggers.

import kafkajs, { type Cluster, type Message, type PartitionMetadata } from 'kafkajs';

import { logCollector, shapeOf, type Stage } from './stage.ts';

type Constructor = new (...args: unknown[]) => Error & Record<string, unknown>;

const ownProperties = (error: Error): object =>
  Object.fromEntries(Object.entries(error).filter(([key]) => !['stack', 'message', 'cause', 'helpUrl'].includes(key)));

export async function surface(stage: Stage): Promise<void> {
  stage.step('exports');
  for (const [name, value] of Object.entries(kafkajs as object).sort(([a], [b]) => (a < b ? -1 : 1)))
    if (name !== 'default') stage.say(name, typeof value === 'function' ? 'a function' : value);

  // Before the first producer: the warning comes once in a process.
  loggers(stage);

  stage.step('shapes of the doors');
  const kafka = stage.kafka();
  const keysOf = (door: object) => Object.keys(door).sort();
  const consumer = kafka.consumer({ groupId: 'g' });
  const producer = kafka.producer();
  const admin = kafka.admin();
  stage.say('producer', keysOf(producer));
  stage.say('consumer', keysOf(consumer));
  stage.say('admin', keysOf(admin));
  stage.say('logger', keysOf(kafka.logger()));
  stage.say('events of a producer', producer.events);
  stage.say('events of a consumer', consumer.events);
  stage.say('events of an admin', admin.events);
  stage.say('isIdempotent', [producer.isIdempotent(), kafka.producer({ idempotent: true }).isIdempotent()]);
  stage.say('paused before run', consumer.paused());

  errors(stage);
  await assigners(stage);
  partitioners(stage);
  await codecs(stage);
  await misuseOfOptions(stage);
}

function errors(stage: Stage): void {
  stage.step('error classes');
  const source = Object.assign(new Error('source'), { type: 'NOT_LEADER_FOR_PARTITION', code: 6, retriable: true });
  const meta: Record<string, unknown> = {
    topic: 't',
    partition: 3,
    broker: 'b:1',
    code: 'ECONNREFUSED',
    host: 'h',
    port: 1,
    retryCount: 2,
    retryTime: 30,
    correlationId: 9,
    createdAt: 1,
    sentAt: 2,
    pendingDuration: 1,
    apiKey: 0,
    apiName: 'Produce',
    memberId: 'm',
    unknownPartitions: [1],
    partitions: [{ partition: 0, offset: '1', error: source }],
    retriable: false,
  };
  for (const [name, value] of Object.entries(kafkajs as object).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!name.startsWith('KafkaJS')) continue;
    const Class = value as Constructor;
    const special: Record<string, unknown[]> = {
      KafkaJSDeleteTopicRecordsError: [meta],
      KafkaJSDeleteGroupsError: ['said', [{ groupId: 'g', errorCode: 68, error: source }]],
      KafkaJSAggregateError: ['said', [source]],
      KafkaJSCreateTopicError: [source, 't'],
      KafkaJSAlterPartitionReassignmentsError: [source, 't', 3],
      KafkaJSNumberOfRetriesExceeded: [source, meta],
      KafkaJSNoBrokerAvailableError: [],
    };
    const error = new Class(...(special[name] ?? [/Protocol|OutOfRange|MemberId/.test(name) ? source : 'said', meta]));
    const parents: string[] = [];
    for (let at = Object.getPrototypeOf(Class); at !== Function.prototype; at = Object.getPrototypeOf(at))
      parents.push(at.name);
    stage.say(name, { is: parents.join(' < '), own: ownProperties(error), helpUrl: typeof error['helpUrl'] });
  }
  const wrapped = new kafkajs.KafkaJSNonRetriableError(new kafkajs.KafkaJSError('said', { retriable: true }));
  stage.say('an error made of an error', [wrapped.message, wrapped.name, wrapped.retriable]);
}

async function assigners(stage: Stage): Promise<void> {
  stage.step('assigner protocol');
  const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;
  const metadata = MemberMetadata.encode({ version: 1, topics: ['b', 'a'], userData: Buffer.from('user') });
  stage.say('metadata', [metadata, MemberMetadata.decode(metadata)]);
  const bare = MemberMetadata.encode({ version: 0, topics: [] } as never);
  stage.say('metadata without anything', [bare, MemberMetadata.decode(bare)]);
  const assignment = MemberAssignment.encode({
    version: 1,
    assignment: { b: [2, 0], a: [1] },
    userData: Buffer.from('u'),
  });
  stage.say('assignment', [assignment, MemberAssignment.decode(assignment)]);
  stage.say('no assignment', MemberAssignment.decode(Buffer.alloc(0)));

  stage.step('round robin');
  const partition = (partitionId: number): PartitionMetadata => ({
    partitionErrorCode: 0,
    partitionId,
    leader: 1,
    replicas: [1],
    isr: [1],
  });
  const cluster = {
    findTopicPartitionMetadata: (topic: string) => (topic === 'a' ? [0, 1, 2] : [0, 1]).map(partition),
  } as unknown as Cluster;
  const logger = stage.kafka().logger();
  const assigner = kafkajs.PartitionAssigners.roundRobin({ cluster, groupId: 'g', logger });
  stage.say('assigner', [assigner.name, assigner.version, assigner.protocol({ topics: ['a', 'b'] })]);
  const members = ['m2', 'm1'].map((memberId) => ({
    memberId,
    memberMetadata: assigner.protocol({ topics: ['a'] }).metadata,
  }));
  const shares = await assigner.assign({ members, topics: ['a', 'b'] });
  for (const { memberId, memberAssignment } of shares) stage.say(memberId, MemberAssignment.decode(memberAssignment));
}

function partitioners(stage: Stage): void {
  const partitionMetadata = [0, 1, 2, 3, 4, 5, 6].map((partitionId) => ({
    partitionErrorCode: 0,
    partitionId,
    leader: partitionId === 3 ? -1 : 1,
    replicas: [1],
    isr: [1],
  }));
  for (const name of ['DefaultPartitioner', 'LegacyPartitioner', 'JavaCompatiblePartitioner'] as const) {
    stage.step(`partitioner ${name}`);
    const choose = kafkajs.Partitioners[name]();
    const of = (message: Partial<Message>) =>
      choose({ topic: 't', partitionMetadata, message: { value: '', ...message } });
    stage.say(
      'of keys',
      ['', 'a', 'ab', 'abc', 'abcd', 'abcde', '', '☃ snow', '0123456789'].map((key) => of({ key })),
    );
    stage.say(
      'of bytes',
      [Buffer.alloc(0), Buffer.from([0xff, 0x80, 0x7f]), Buffer.alloc(21, 0xe9)].map((key) => of({ key })),
    );
    stage.say('as told', [of({ partition: 5 }), of({ partition: 2, key: 'a' })]);
    const turns = Array.from({ length: 12 }, () => of({}));
    stage.say('without keys all that have leaders take turns', [
      new Set(turns.slice(0, 6)).size,
      turns.slice(0, 6).join() === turns.slice(6).join(),
      turns.includes(3),
    ]);
  }
}

async function codecs(stage: Stage): Promise<void> {
  stage.step('codecs');
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  stage.say('there are', Object.keys(CompressionCodecs));
  const gzip = CompressionCodecs[CompressionTypes.GZIP]();
  const bytes = await gzip.compress({ buffer: Buffer.from('pack me') });
  stage.say('gzip', [bytes.subarray(0, 2).toString('hex'), await gzip.decompress(bytes)]);
}

function loggers(stage: Stage): void {
  stage.step('loggers');
  const { logLevel } = kafkajs;
  const { entries, creator } = logCollector();
  let toldLevel: number | undefined;
  const kafka = stage.kafka({ logLevel: logLevel.WARN, logCreator: (level) => ((toldLevel = level), creator(level)) });
  const logger = kafka.logger();
  logger.info('left out');
  logger.warn('shown', { more: 1 });
  logger.error('shown too');
  const named = logger.namespace('Mine');
  named.debug('left out');
  logger.setLogLevel(logLevel.DEBUG);
  named.debug('shown');
  const quiet = logger.namespace('Quiet', logLevel.NOTHING);
  quiet.error('left out');
  quiet.namespace('Inner').error('shown');
  stage.say('level that the creator is told', toldLevel);
  for (const entry of entries) stage.say('entry', entry);
  entries.length = 0;
  kafka.producer();
  kafka.producer();
  kafka.producer({ createPartitioner: kafkajs.Partitioners.LegacyPartitioner });
  stage.say(
    'the default partitioner is warned of',
    entries.map(({ namespace, level, label }) => ({ namespace, level, label })),
  );
  process.env['KAFKAJS_LOG_LEVEL'] = 'error';
  entries.length = 0;
  const ruled = stage.kafka({ logLevel: logLevel.DEBUG, logCreator: creator }).logger();
  ruled.warn('left out');
  ruled.error('shown');
  delete process.env['KAFKAJS_LOG_LEVEL'];
  stage.say(
    'level by environment',
    entries.map(({ level }) => level),
  );
  stage.say(
    'console',
    consoleOf(() => new kafkajs.Kafka({ brokers: ['x:1'] }).logger().namespace('Space').info('hello', { extra: true })),
  );
}

function consoleOf(call: () => void): unknown {
  const { info } = console;
  const lines: string[] = [];
  console.info = (line: string) => void lines.push(line);
  call();
  console.info = info;
  return lines.map((line) => JSON.parse(line) as unknown);
}

async function misuseOfOptions(stage: Stage): Promise<void> {
  stage.step('options that cannot be');
  const kafka = stage.kafka();
  const none = undefined as never;
  await stage.fails('a consumer without group', () => shapeOf(kafka.consumer({ groupId: '' })));
  await stage.fails('a consumer without options', () => shapeOf(kafka.consumer(none)));
  await stage.fails('a heartbeat as long as the session', () =>
    shapeOf(kafka.consumer({ groupId: 'g', heartbeatInterval: 30_000 })),
  );
  await stage.fails('an idempotent producer without retries', () =>
    shapeOf(kafka.producer({ idempotent: true, retry: { retries: 0 } })),
  );
  await stage.fails('a client without options', () => shapeOf(new kafkajs.Kafka(none)));
  for (const brokers of [none, [], [''], [7]]) {
    const producer = new kafkajs.Kafka({ brokers: brokers as never, logLevel: 0, retry: { retries: 0 } }).producer();
    await stage.fails(`brokers ${JSON.stringify(brokers)}`, () => producer.connect());
  }
  const broken = new kafkajs.Kafka({
    brokers: () => {
      throw new Error('no list');
    },
    logLevel: 0,
    retry: { retries: 0 },
  });
  await stage.fails('brokers that throw', () => broken.admin().connect());
  const doors: { on: (name: never, listener: () => void) => unknown }[] = [
    kafka.producer(),
    kafka.consumer({ groupId: 'g' }),
    kafka.admin(),
  ];
  for (const door of doors)
    await stage.fails('an event that is not there', () => door.on('no.such.event' as never, () => {}));
}
