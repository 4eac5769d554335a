/** Settings of brokers and levels of loggers that change while they run. The expected answers are those that Apache Kafka 4.3.1 gave. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { nodeHost, silentLogger, type LogFields, type Logger } from '@millrace/base';
import { encodeBatch, errorName } from '@millrace/protocol';
import { startBroker, WireClient } from '@millrace/testkit';
import { MemoryDisk } from '@millrace/testkit/simulated';

import { Broker } from './broker.ts';
import { readBrokerConfig } from './config/broker-config.ts';

interface Change {
  readonly name: string;
  readonly value: string | null;
  readonly configOperation: number;
}

const set = (name: string, value: string): Change => ({ name, value, configOperation: 0 });
const unset = (name: string): Change => ({ name, value: null, configOperation: 1 });
const append = (name: string, value: string): Change => ({ name, value, configOperation: 2 });

const brokerType = 4;
const loggerType = 8;
const clientMetricsType = 16;
const groupType = 32;

class Stage implements AsyncDisposable {
  readonly client: WireClient;
  readonly #stop: () => Promise<void>;

  private constructor(client: WireClient, stop: () => Promise<void>) {
    this.client = client;
    this.#stop = stop;
  }

  static async open(properties: Readonly<Record<string, string>> = {}, log?: Logger): Promise<Stage> {
    const broker = await startBroker(properties, log);
    return new Stage(await WireClient.connect(broker.bootstrap), () => broker.stop());
  }

  static async on(disk: MemoryDisk): Promise<Stage> {
    const all = { listeners: 'PLAINTEXT://127.0.0.1:0', 'log.dirs': '/a', 'admin.listener': '' };
    const args = Object.entries(all).flatMap(([key, value]) => ['--override', `${key}=${value}`]);
    const fatal = (error: unknown): never => {
      throw error;
    };
    const config = readBrokerConfig({ args, environment: {}, disk });
    const broker = await Broker.start({ host: { ...nodeHost(silentLogger), disk }, config, fatal });
    const { host, port } = broker.advertised('PLAINTEXT');
    return new Stage(await WireClient.connect(`${host}:${port}`), () => broker.stop());
  }

  async alter(resourceType: number, resourceName: string, ...configs: Change[]): Promise<[string, string | null]> {
    const { responses } = await this.client.send('incrementalAlterConfigs', 1, {
      resources: [{ resourceType, resourceName, configs }],
      validateOnly: false,
    });
    return [errorName(responses[0]?.errorCode ?? -1), responses[0]?.errorMessage ?? null];
  }

  async describe(resourceType: number, resourceName: string, ...configurationKeys: string[]): Promise<unknown[][]> {
    const { results } = await this.client.send('describeConfigs', 4, {
      resources: [
        { resourceType, resourceName, configurationKeys: configurationKeys.length > 0 ? configurationKeys : null },
      ],
      includeSynonyms: true,
    });
    const [result] = results;
    if (result?.errorCode !== 0) return [[errorName(result?.errorCode ?? -1), result?.errorMessage]];
    return result.configs.map(({ name, value, configSource, synonyms }) => [
      name,
      value,
      configSource,
      ...synonyms.map((synonym) => `${synonym.source} ${synonym.name}=${synonym.value}`),
    ]);
  }

  async produce(topic: string, bytes: number): Promise<string> {
    const records = encodeBatch([{ value: Buffer.alloc(bytes) }], {});
    const { responses } = await this.client.send('produce', 9, {
      acks: -1,
      timeoutMs: 5000,
      topicData: [{ name: topic, partitionData: [{ index: 0, records }] }],
    });
    return errorName(responses[0]?.partitionResponses[0]?.errorCode ?? -1);
  }

  async topic(name: string): Promise<void> {
    await this.client.send('createTopics', 7, {
      topics: [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    await this.#stop();
  }
}

suite('settings of brokers', () => {
  test('one broker’s goes before that of all, which goes before the file and the default', async () => {
    await using stage = await Stage.open({ 'log.retention.hours': '5' });
    await stage.topic('t');
    const retention = async () => [
      ...(await stage.describe(brokerType, '1', 'log.retention.ms')),
      ...(await stage.describe(2, 't', 'retention.ms')),
    ];
    await stage.alter(brokerType, '', set('log.retention.ms', '7000'));
    await stage.alter(brokerType, '1', set('log.retention.ms', '8000'));
    const behind = ['4 log.retention.hours=5', '5 log.retention.hours=168'];
    assert.deepEqual(await retention(), [
      ['log.retention.ms', '8000', 2, '2 log.retention.ms=8000', '3 log.retention.ms=7000', ...behind],
      ['retention.ms', '8000', 2, '2 log.retention.ms=8000', '3 log.retention.ms=7000', ...behind],
    ]);
    await stage.alter(brokerType, '1', unset('log.retention.ms'));
    assert.deepEqual((await retention())[1], ['retention.ms', '7000', 3, '3 log.retention.ms=7000', ...behind]);
    await stage.alter(brokerType, '', unset('log.retention.ms'));
    assert.deepEqual((await retention())[1]?.[1], String(5 * 3_600_000));
  });

  test('they act at once, and still after a restart', async () => {
    const disk = new MemoryDisk();
    {
      await using stage = await Stage.on(disk);
      await stage.topic('t');
      assert.equal(await stage.produce('t', 2000), 'NONE');
      assert.deepEqual(await stage.alter(brokerType, '', set('message.max.bytes', '1000')), ['NONE', null]);
      assert.equal(await stage.produce('t', 2000), 'MESSAGE_TOO_LARGE');
    }
    await using stage = await Stage.on(disk);
    assert.equal(await stage.produce('t', 2000), 'MESSAGE_TOO_LARGE');
    assert.deepEqual(await stage.describe(brokerType, ''), [
      ['min.insync.replicas', '1', 3, '3 min.insync.replicas=1'],
      ['message.max.bytes', '1000', 3, '3 message.max.bytes=1000'],
    ]);
  });

  const dynamicFault = (what: string): string =>
    `Invalid value org.apache.kafka.common.config.ConfigException: ${what} for configuration Invalid dynamic configuration`;
  const refusals: readonly (readonly [broker: string, changes: readonly Change[], code: string, text: string])[] = [
    ['1', [set('node.id', '2')], 'INVALID_REQUEST', 'Cannot update these configs dynamically: [node.id]'],
    [
      '',
      [set('cordoned.log.dirs', '*')],
      'INVALID_REQUEST',
      'Cannot update these configs at default cluster level, broker id must be specified: [cordoned.log.dirs]',
    ],
    [
      '',
      [set('ssl.client.auth', 'x')],
      'INVALID_REQUEST',
      'Invalid value x for configuration ssl.client.auth: String must be one of: required, requested, none',
    ],
    [
      '1',
      [set('ssl.keystore.password', 'topsecret')],
      'INVALID_REQUEST',
      'These security configs can be dynamically updated only per-listener using the listener prefix: [ssl.keystore.password]',
    ],
    [
      '',
      [set('listener.name.plaintext.ssl.keystore.location', '/x')],
      'INVALID_REQUEST',
      'Cannot update these configs at default cluster level, broker id must be specified: [listener.name.plaintext.ssl.keystore.location]',
    ],
    [
      '1',
      [set('num.io.threads', '17')],
      'INVALID_REQUEST',
      dynamicFault(
        'Dynamic thread count update validation failed for num.io.threads=17, value should not be greater than double the current value 8',
      ),
    ],
    [
      '1',
      [set('background.threads', '4')],
      'INVALID_REQUEST',
      dynamicFault(
        'Dynamic thread count update validation failed for background.threads=4, value should be at least half the current value 10',
      ),
    ],
    [
      '1',
      [set('log.cleaner.threads', '3')],
      'INVALID_REQUEST',
      dynamicFault('Log cleaner threads cannot be increased to more than double the current value 1'),
    ],
    ['', [set('max.connections', '0')], 'INVALID_REQUEST', dynamicFault('Invalid max.connections 0')],
    [
      '',
      [set('max.connections.per.ip', '0')],
      'INVALID_REQUEST',
      'requirement failed: max.connections.per.ip can be set to zero only if max.connections.per.ip.overrides property is set.',
    ],
    [
      '1',
      [set('cordoned.log.dirs', '/nowhere')],
      'INVALID_REQUEST',
      'requirement failed: All entries in cordoned.log.dirs must be present in log.dirs or log.dir. Missing entries : /nowhere',
    ],
    [
      '',
      [set('log.cleaner.dedupe.buffer.size', '1')],
      'INVALID_REQUEST',
      'requirement failed: log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread.',
    ],
    [
      '1',
      [set('principal.builder.class', 'x')],
      'INVALID_REQUEST',
      'Invalid value x for configuration principal.builder.class: Class x could not be found.',
    ],
    [
      '1',
      [set('min.insync.replicas', '1')],
      'INVALID_CONFIG',
      'Broker-level min.insync.replicas cannot be altered while ELR is enabled.',
    ],
    [
      '',
      [unset('min.insync.replicas')],
      'INVALID_CONFIG',
      'Cluster-level min.insync.replicas cannot be removed while ELR is enabled.',
    ],
    [
      '1',
      [append('num.io.threads', '8')],
      'INVALID_CONFIG',
      'Config value append is not allowed for config key: num.io.threads',
    ],
    [
      '1',
      [set('num.io.threads', '8'), set('num.io.threads', '8')],
      'INVALID_REQUEST',
      'Error due to duplicate config keys',
    ],
    [
      '1',
      [
        { name: 'a', value: null, configOperation: 0 },
        { name: 'b', value: null, configOperation: 2 },
      ],
      'INVALID_REQUEST',
      'Null value not supported for : a, b',
    ],
    ['2', [set('num.io.threads', '8')], 'INVALID_REQUEST', 'Unexpected broker id, expected 1, but received 2'],
    ['x', [set('num.io.threads', '8')], 'INVALID_REQUEST', 'Node id must be an integer, but it is: x'],
  ];

  test('what cannot be is refused in Kafka’s words, and nothing of it is kept', async () => {
    await using stage = await Stage.open();
    const before = await stage.describe(brokerType, '1');
    for (const [broker, changes, code, text] of refusals) {
      assert.deepEqual(await stage.alter(brokerType, broker, set('log.roll.ms', '5000'), ...changes), [code, text]);
    }
    assert.deepEqual(await stage.describe(brokerType, '1'), before);
  });

  test('the listeners of a running broker stay as they are', async () => {
    await using stage = await Stage.open();
    const [code, text] = await stage.alter(brokerType, '1', set('listeners', 'PLAINTEXT://127.0.0.1:1'));
    assert.equal(code, 'INVALID_REQUEST');
    assert.match(text ?? '', /start again/);
  });

  test('a listener may have a value of its own, and secrets are never shown', async () => {
    await using stage = await Stage.open();
    const prefix = 'listener.name.plaintext';
    await stage.alter(brokerType, '1', set(`${prefix}.max.connections`, '50'));
    await stage.alter(
      brokerType,
      '1',
      set(`${prefix}.ssl.keystore.password`, 'topsecret'),
      set('no.such', 'topsecret'),
    );
    assert.deepEqual(
      await stage.describe(brokerType, '1', `${prefix}.max.connections`, `${prefix}.ssl.keystore.password`, 'no.such'),
      [
        [`${prefix}.max.connections`, '50', 2, `2 ${prefix}.max.connections=50`, '5 max.connections=2147483647'],
        [`${prefix}.ssl.keystore.password`, null, 2, `2 ${prefix}.ssl.keystore.password=null`],
        ['no.such', null, 2, '2 no.such=null'],
      ],
    );
    const everything = JSON.stringify(await stage.describe(brokerType, '1'));
    assert.ok(!everything.includes('topsecret'));
  });

  test('the older way of altering refuses what has no value, and what is named twice', async () => {
    await using stage = await Stage.open();
    const alter = async (...configs: { name: string; value: string | null }[]) => {
      const resources = [{ resourceType: brokerType, resourceName: '1', configs }];
      const { responses } = await stage.client.send('alterConfigs', 2, { resources, validateOnly: true });
      return responses[0]?.errorMessage;
    };
    assert.equal(await alter({ name: 'a', value: null }), 'Null value not supported for : a');
    assert.equal(
      await alter({ name: 'a', value: '1' }, { name: 'a', value: '1' }),
      'Error due to duplicate config keys',
    );
  });
});

suite('settings of groups and of metrics of clients', () => {
  const cases: readonly (readonly [type: number, name: string, change: Change, code: string, text: string | null])[] = [
    [
      groupType,
      '',
      set('consumer.session.timeout.ms', '50000'),
      'INVALID_REQUEST',
      'Default group resources are not allowed.',
    ],
    [groupType, 'g', set('x', '5'), 'INVALID_CONFIG', 'Unknown group config name: x'],
    [groupType, 'g', set('consumer.session.timeout.ms', '50000'), 'NONE', null],
    [clientMetricsType, '', set('interval.ms', '5000'), 'INVALID_REQUEST', "Subscription name can't be empty"],
    [clientMetricsType, 'm', set('x', '5'), 'INVALID_REQUEST', 'Unknown client metrics configuration: x'],
    [
      clientMetricsType,
      'm',
      set('interval.ms', '5'),
      'INVALID_REQUEST',
      'Invalid value 5 for interval.ms, interval must be between 100 and 3600000 (1 hour)',
    ],
    [clientMetricsType, 'm', set('match', 'foo=x'), 'INVALID_CONFIG', 'Illegal client matching pattern: foo=x'],
    [clientMetricsType, 'm', set('match', 'client_id=x'), 'NONE', null],
    [3, 'x', set('x', '5'), 'INVALID_REQUEST', 'Unknown resource type 3'],
  ];

  test('are taken or refused as by Kafka', async () => {
    await using stage = await Stage.open();
    for (const [type, name, change, code, text] of cases)
      assert.deepEqual(await stage.alter(type, name, change), [code, text]);
  });
});

suite('levels of loggers', () => {
  const valid = 'Valid log levels are DEBUG, ERROR, FATAL, INFO, TRACE, WARN';

  test('are listed with the names that Kafka has for the same, and our own', async () => {
    await using stage = await Stage.open();
    const names = (await stage.describe(loggerType, '1')).map(([name]) => name);
    for (const name of ['root', 'kafka.server.KafkaApis', 'kafka.request.logger', 'millrace.requests'])
      assert.ok(names.includes(name), name);
  });

  test('are refused where there is no such logger, level or broker', async () => {
    await using stage = await Stage.open();
    const alter = async (...changes: Change[]) => await stage.alter(loggerType, '1', ...changes);
    assert.deepEqual(await alter(set('no.such', 'DEBUG')), ['INVALID_CONFIG', 'Logger no.such does not exist!']);
    assert.deepEqual(await alter(set('root', 'OFF')), [
      'INVALID_CONFIG',
      `Cannot set the log level of root to OFF as it is not a supported log level. ${valid}`,
    ]);
    assert.deepEqual(await alter(unset('root')), [
      'INVALID_REQUEST',
      'Removing the log level of the root logger is not allowed',
    ]);
    assert.deepEqual(await alter(append('root', 'INFO')), [
      'INVALID_REQUEST',
      'APPEND operation is not allowed for the BROKER_LOGGER resource',
    ]);
    assert.deepEqual(await stage.alter(loggerType, '2', set('root', 'INFO')), [
      'INVALID_REQUEST',
      'Unexpected node id. Expected 1, but received 2',
    ]);
    assert.deepEqual(await stage.describe(loggerType, '2'), [
      ['INVALID_REQUEST', 'Unexpected broker id, expected 1 but received 2'],
    ]);
    await alter(set('root', 'ERROR'), set('no.such', 'INFO'));
    assert.deepEqual(await stage.describe(loggerType, '1', 'root'), [['root', 'TRACE', 6]], 'all changes or none');
  });

  test('decide what is logged, from the moment they are set', async () => {
    const lines: string[] = [];
    const log = recorder(lines);
    await using stage = await Stage.open({ 'log.dirs': '/a,/b' }, log);
    await stage.topic('t');
    const move = async (path: string) => {
      lines.length = 0;
      await stage.client.send('alterReplicaLogDirs', 2, { dirs: [{ path, topics: [{ name: 't', partitions: [0] }] }] });
      return lines.includes('moves: a move begins');
    };
    const name = 'kafka.server.ReplicaAlterLogDirsManager';
    assert.deepEqual(await stage.alter(loggerType, '1', set(name, 'WARN')), ['NONE', null]);
    assert.equal(await move('/b'), false);
    assert.deepEqual(await stage.describe(loggerType, '1', 'millrace.moves'), [['millrace.moves', 'WARN', 6]]);
    await stage.alter(loggerType, '1', unset(name));
    for (let moved = false; !moved;) {
      const { results } = await stage.client.send('describeLogDirs', 4, { topics: null });
      moved = results.find(({ logDir }) => logDir === '/a')?.topics.length === 0;
    }
    assert.equal(await move('/a'), true);
  });
});

function recorder(lines: string[], part = ''): Logger {
  const write = (_: LogFields, text: string): void => void lines.push(`${part}: ${text}`);
  const child = (fields: LogFields): Logger =>
    recorder(lines, typeof fields['part'] === 'string' ? fields['part'] : part);
  return { error: write, warn: write, info: write, debug: write, child };
}
