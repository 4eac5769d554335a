import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { nodeHost, silentLogger } from '@millrace/base';
import { encodeBatch, errorName, splitBatches, zeroUuid } from '@millrace/protocol';
import { diskError, MemoryDisk } from '@millrace/testkit/simulated';
import { WireClient } from '@millrace/testkit';

import { Broker } from './broker.ts';
import { readBrokerConfig } from './config/broker-config.ts';
import type { Partition } from './partition.ts';

/** A broker on a disk that outlives it, and a client. */
class Stage implements AsyncDisposable {
  readonly broker: Broker;
  readonly client: WireClient;

  private constructor(broker: Broker, client: WireClient) {
    this.broker = broker;
    this.client = client;
  }

  static async open(disk: MemoryDisk, properties: Readonly<Record<string, string>> = {}): Promise<Stage> {
    const all = { listeners: 'PLAINTEXT://127.0.0.1:0', 'log.dirs': '/a,/b', 'admin.listener': '', ...properties };
    const args = Object.entries(all).flatMap(([key, value]) => ['--override', `${key}=${value}`]);
    const config = readBrokerConfig({ args, environment: {}, disk });
    const fatal = (error: unknown): never => {
      throw error;
    };
    const broker = await Broker.start({ host: { ...nodeHost(silentLogger), disk }, config, fatal });
    const { host, port } = broker.advertised('PLAINTEXT');
    return new Stage(broker, await WireClient.connect(`${host}:${port}`));
  }

  async topic(name: string, numPartitions: number): Promise<string> {
    const { topics } = await this.client.send('createTopics', 7, {
      topics: [{ name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }],
    });
    return errorName(topics[0]?.errorCode ?? -1);
  }

  async produce(topic: string, index: number, value: string, key?: string, count = 1): Promise<string> {
    const keyed = key === undefined ? {} : { key: Buffer.from(key) };
    const records = encodeBatch(
      Array.from({ length: count }, () => ({ ...keyed, value: Buffer.from(value) })),
      {},
    );
    const { responses } = await this.client.send('produce', 9, {
      acks: -1,
      timeoutMs: 5000,
      topicData: [{ name: topic, partitionData: [{ index, records }] }],
    });
    return errorName(responses[0]?.partitionResponses[0]?.errorCode ?? -1);
  }

  /** How many batches a reader finds, from the beginning. */
  async batches(topic: string, partition: number): Promise<number> {
    const { responses } = await this.client.send('fetch', 12, {
      maxWaitMs: 0,
      minBytes: 1,
      maxBytes: 8 << 20,
      isolationLevel: 0,
      sessionId: 0,
      sessionEpoch: -1,
      topics: [{ topic, partitions: [{ partition, fetchOffset: 0, partitionMaxBytes: 8 << 20 }] }],
      forgottenTopicsData: [],
    });
    return splitBatches(responses[0]?.partitions[0]?.records ?? Buffer.alloc(0)).spans.length;
  }

  /** The first of the topic `t`. */
  get partition(): Partition {
    const partition = this.broker.partitions.byName('t', 0);
    assert.ok(partition);
    return partition;
  }

  async move(path: string, name: string, ...partitions: number[]): Promise<string[]> {
    const { results } = await this.client.send('alterReplicaLogDirs', 2, {
      dirs: [{ path, topics: [{ name, partitions }] }],
    });
    return results.flatMap((topic) => topic.partitions.map(({ errorCode }) => errorName(errorCode)));
  }

  /** `/a 0` for a partition that lives there, `/b 0+3` for a copy that lacks three records. */
  async where(topic: string): Promise<string[]> {
    const { results } = await this.client.send('describeLogDirs', 5, { topics: null });
    return results.flatMap(({ logDir, topics }) =>
      topics
        .filter(({ name }) => name === topic)
        .flatMap(({ partitions }) =>
          partitions.map(
            ({ partitionIndex, isFutureKey, offsetLag }) =>
              `${logDir} ${partitionIndex}${isFutureKey ? `+${offsetLag}` : ''}`,
          ),
        ),
    );
  }

  async settled(topic: string): Promise<string[]> {
    for (;;) {
      const found = await this.where(topic);
      if (!found.some((text) => text.includes('+'))) return found;
      await sleep(5);
    }
  }

  async set(name: string, value: string): Promise<void> {
    const { responses } = await this.client.send('incrementalAlterConfigs', 1, {
      resources: [{ resourceType: 4, resourceName: '1', configs: [{ name, configOperation: 0, value }] }],
      validateOnly: false,
    });
    assert.equal(responses[0]?.errorMessage, null);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    await this.broker.stop();
  }
}

interface Identity {
  readonly errorCode: number;
  readonly producerId: number;
  readonly producerEpoch: number;
}

const throttle = 'replica.alter.log.dirs.io.max.bytes.per.second';

suite('partitions in several log directories', () => {
  test('new partitions fill the directory with the fewest', async () => {
    await using stage = await Stage.open(new MemoryDisk());
    await stage.topic('one', 1);
    await stage.topic('more', 3);
    assert.deepEqual(await stage.where('one'), ['/a 0']);
    assert.deepEqual(await stage.where('more'), ['/a 1', '/b 0', '/b 2']);
  });

  test('a partition moves while it is written to, and is found there after a restart', async () => {
    const disk = new MemoryDisk();
    {
      await using stage = await Stage.open(disk);
      await stage.topic('t', 1);
      for (let n = 0; n < 20; n++) await stage.produce('t', 0, `before ${n}`);
      const moved = stage.move('/b', 't', 0);
      const produced = Array.from({ length: 50 }, (_, n) => stage.produce('t', 0, `during ${n}`));
      assert.deepEqual(await moved, ['NONE']);
      assert.deepEqual([...new Set(await Promise.all(produced))], ['NONE']);
      assert.deepEqual(await stage.settled('t'), ['/b 0']);
      assert.equal(await stage.produce('t', 0, 'after'), 'NONE');
      assert.equal(await stage.batches('t', 0), 71);
    }
    await using stage = await Stage.open(disk);
    assert.deepEqual(await stage.where('t'), ['/b 0']);
    assert.equal(await stage.batches('t', 0), 71);
    assert.deepEqual(
      disk.list('/a').filter((name) => name.startsWith('t-0')),
      [],
    );
  });

  test('a log whose first batch was deleted in part moves with what is left of it', async () => {
    await using stage = await Stage.open(new MemoryDisk());
    await stage.topic('t', 1);
    for (let n = 0; n < 3; n++) await stage.produce('t', 0, 'x', undefined, 4);
    const { topics } = await stage.client.send('deleteRecords', 2, {
      topics: [{ name: 't', partitions: [{ partitionIndex: 0, offset: 6 }] }],
      timeoutMs: 5000,
    });
    assert.equal(topics[0]?.partitions[0]?.lowWatermark, 6);
    await stage.move('/b', 't', 0);
    assert.deepEqual(await stage.settled('t'), ['/b 0']);
    const log = stage.broker.partitions.byName('t', 0)?.log;
    assert.deepEqual([log?.startOffset, log?.endOffset], [6, 12]);
    assert.equal(await stage.produce('t', 0, 'x'), 'NONE');
  });

  test('a move that is held back is described as a copy, and ended by naming the old directory', async () => {
    const disk = new MemoryDisk();
    await using stage = await Stage.open(disk);
    await stage.topic('t', 1);
    for (let n = 0; n < 3; n++) await stage.produce('t', 0, 'x');
    await stage.set(throttle, '1');
    await stage.move('/b', 't', 0);
    assert.deepEqual(await stage.where('t'), ['/a 0', '/b 0+0']);
    await stage.produce('t', 0, 'x');
    assert.deepEqual(await stage.where('t'), ['/a 0', '/b 0+1']);
    assert.deepEqual(await stage.move('/b', 't', 0), ['NONE'], 'once more is no new move');
    assert.deepEqual(await stage.where('t'), ['/a 0', '/b 0+1']);
    assert.deepEqual(await stage.move('/a', 't', 0), ['NONE']);
    assert.deepEqual(await stage.where('t'), ['/a 0']);
    assert.deepEqual(
      disk.list('/b').filter((name) => name.startsWith('t-0')),
      [],
    );
  });

  test('a move goes on after a restart', async () => {
    const disk = new MemoryDisk();
    {
      await using stage = await Stage.open(disk);
      await stage.topic('t', 1);
      await stage.produce('t', 0, 'x');
      await stage.set(throttle, '1');
      await stage.move('/b', 't', 0);
    }
    await using stage = await Stage.open(disk);
    assert.deepEqual((await stage.where('t')).length, 2);
    await stage.set(throttle, '1000000');
    assert.deepEqual(await stage.settled('t'), ['/b 0']);
    assert.equal(await stage.batches('t', 0), 1);
  });

  test('a topic that is deleted takes its copies along', async () => {
    const disk = new MemoryDisk();
    await using stage = await Stage.open(disk, { [throttle]: '1' });
    await stage.topic('t', 1);
    await stage.produce('t', 0, 'x');
    await stage.move('/b', 't', 0);
    await stage.client.send('deleteTopics', 6, { topics: [{ name: 't', topicId: zeroUuid }], timeoutMs: 5000 });
    await stage.topic('t', 1);
    while (disk.list('/b').some((name) => name.includes('-future'))) await sleep(5);
    assert.equal((await stage.where('t')).length, 1);
  });

  test('a compaction of the old folder that is under way ends, and the directory goes on', async () => {
    const disk = new MemoryDisk();
    await using stage = await Stage.open(disk, {
      'log.cleaner.min.cleanable.ratio': '0',
      'log.cleanup.policy': 'compact',
    });
    await stage.topic('t', 1);
    for (let n = 0; n < 30; n++) {
      await stage.produce('t', 0, 'x', `key ${n % 3}`);
      if (n % 10 === 9) stage.broker.partitions.byName('t', 0)?.log.roll();
    }
    const cleaning = stage.broker.cleaning.run();
    assert.deepEqual(await stage.move('/b', 't', 0), ['NONE']);
    await cleaning;
    assert.deepEqual(await stage.settled('t'), ['/b 0']);
    await stage.broker.cleaning.run();
    assert.ok((await stage.batches('t', 0)) <= 3, 'it is compacted where it lives now');
    const moved = stage.broker.partitions.byName('t', 0);
    const cleanedTo = moved?.directory.cleanedTo(moved.log);
    assert.equal(cleanedTo, 30);
    await stage.move('/a', 't', 0);
    assert.deepEqual(await stage.settled('t'), ['/a 0']);
    assert.equal(moved?.directory.cleanedTo(moved.log), cleanedTo, 'how far it is compacted is known there too');
    assert.equal(await stage.batches('t', 0), 3);
    assert.equal(await stage.produce('t', 0, 'x', 'key'), 'NONE');
    assert.deepEqual(
      stage.broker.directories.map(({ failure }) => failure),
      [undefined, undefined],
    );
  });

  test('transactions go on where their partition moves to: open ones, and what is known of aborted ones', async () => {
    await using stage = await Stage.open(new MemoryDisk());
    const { client } = stage;
    await stage.topic('t', 1);
    await client.send('findCoordinator', 2, { key: 'id', keyType: 1 });
    const request = { transactionalId: 'id', transactionTimeoutMs: 60_000 };
    let producer: Identity = await client.send('initProducerId', 4, request);
    const write = async (baseSequence: number): Promise<string> => {
      const { producerId, producerEpoch } = producer;
      const owner = { producerId, producerEpoch, baseSequence, isTransactional: true };
      const records = encodeBatch([{ value: Buffer.from('x'), timestamp: stage.broker.host.clock.now() }], owner);
      const { responses } = await client.send('produce', 12, {
        transactionalId: 'id',
        acks: -1,
        timeoutMs: 5000,
        topicData: [{ name: 't', partitionData: [{ index: 0, records }] }],
      });
      return errorName(responses[0]?.partitionResponses[0]?.errorCode ?? -1);
    };
    const end = async (committed: boolean): Promise<void> => {
      const { producerId, producerEpoch } = producer;
      producer = await client.send('endTxn', 5, { transactionalId: 'id', producerId, producerEpoch, committed });
      assert.equal(errorName(producer.errorCode), 'NONE');
      while (stage.partition.lastStableOffset < stage.partition.log.endOffset) await sleep(5);
    };
    const moveTo = async (path: string): Promise<void> => {
      assert.deepEqual(await stage.move(path, 't', 0), ['NONE']);
      assert.deepEqual(await stage.settled('t'), [`${path} 0`]);
    };
    assert.equal(await write(0), 'NONE');
    await moveTo('/b');
    assert.deepEqual([stage.partition.lastStableOffset, stage.partition.log.endOffset], [0, 1]);
    assert.equal(await write(1), 'NONE');
    await end(false);
    await moveTo('/a');
    const aborted = stage.partition.log.abortedTransactions(0, 3);
    assert.deepEqual(
      aborted.map(({ firstOffset, lastOffset }) => [firstOffset, lastOffset]),
      [[0, 2]],
    );
    assert.equal(await write(0), 'NONE');
    await end(true);
    assert.equal(await stage.batches('t', 0), 5);
  });

  test('what cannot be moved is refused as Kafka does', async () => {
    await using stage = await Stage.open(new MemoryDisk());
    await stage.topic('t', 1);
    await stage.topic('n'.repeat(230), 1);
    assert.deepEqual(await stage.move('/c', 't', 0), ['LOG_DIR_NOT_FOUND']);
    assert.deepEqual(await stage.move('/c', 'absent', 0), ['LOG_DIR_NOT_FOUND']);
    assert.deepEqual(await stage.move('/b', 'absent', 0), ['UNKNOWN_TOPIC_OR_PARTITION']);
    assert.deepEqual(await stage.move('/b', 't', 0, 9), ['NONE', 'UNKNOWN_TOPIC_OR_PARTITION']);
    assert.deepEqual(await stage.move('/b', 'n'.repeat(230), 0), ['INVALID_TOPIC_EXCEPTION']);
    await stage.set('cordoned.log.dirs', '/a');
    assert.deepEqual(await stage.settled('t'), ['/b 0']);
    assert.deepEqual(await stage.move('/a', 't', 0), ['INVALID_REPLICA_ASSIGNMENT']);
    await stage.topic('u', 2);
    assert.deepEqual(await stage.where('u'), ['/b 0', '/b 1'], 'a cordoned directory gets no new partitions');
    await stage.set('cordoned.log.dirs', '*');
    assert.equal(await stage.topic('v', 1), 'INVALID_REPLICATION_FACTOR');
  });
});

suite('log directories that come, go and fail', () => {
  test('a partition of a directory that is left out is offline, and comes back with it', async () => {
    const disk = new MemoryDisk();
    {
      await using stage = await Stage.open(disk);
      await stage.topic('t', 2);
      await stage.produce('t', 1, 'x');
    }
    {
      await using stage = await Stage.open(disk, { 'log.dirs': '/a,/c' });
      assert.equal(await stage.produce('t', 0, 'x'), 'NONE');
      assert.notEqual(await stage.produce('t', 1, 'x'), 'NONE', 'it must not begin anew elsewhere');
    }
    await using stage = await Stage.open(disk, { 'log.dirs': '/c,/b,/a' });
    assert.deepEqual(await stage.where('t'), ['/b 1', '/a 0']);
    assert.equal(await stage.batches('t', 1), 1);
  });

  test('a start without the directory that holds the metadata is refused, before anything begins anew', async () => {
    const disk = new MemoryDisk();
    {
      await using stage = await Stage.open(disk);
      await stage.topic('t', 2);
    }
    await assert.rejects(Stage.open(disk, { 'log.dirs': '/b' }), /\/b holds partitions, but no directory/);
    await using stage = await Stage.open(disk);
    assert.deepEqual(await stage.where('t'), ['/a 0', '/b 1']);
  });

  test('a directory that cannot be opened takes only its partitions offline', async () => {
    const disk = new MemoryDisk();
    {
      await using stage = await Stage.open(disk);
      await stage.topic('t', 2);
    }
    const list = disk.list.bind(disk);
    disk.list = (path) => {
      if (path.startsWith('/b')) throw diskError('EIO', path);
      return list(path);
    };
    await using stage = await Stage.open(disk);
    assert.equal(await stage.produce('t', 0, 'x'), 'NONE');
    assert.notEqual(await stage.produce('t', 1, 'x'), 'NONE');
    const { results } = await stage.client.send('describeLogDirs', 5, { topics: null });
    assert.deepEqual(
      results.map(({ logDir, errorCode }) => [logDir, errorName(errorCode)]),
      [
        ['/a', 'NONE'],
        ['/b', 'KAFKA_STORAGE_ERROR'],
      ],
    );
    assert.deepEqual(await stage.move('/b', 't', 0), ['KAFKA_STORAGE_ERROR']);
  });

  test('a directory that fails while it is used does not hold up the others', async () => {
    const disk = new MemoryDisk();
    await using stage = await Stage.open(disk);
    await stage.topic('t', 2);
    const failed = stage.broker.directories.find(({ path }) => path === '/b');
    failed?.fail(new Error('the disk is gone'));
    assert.equal(await stage.produce('t', 1, 'x'), 'KAFKA_STORAGE_ERROR');
    for (let n = 0; n < 3; n++) assert.equal(await stage.produce('t', 0, 'x'), 'NONE');
    assert.equal(await stage.topic('u', 2), 'NONE');
    assert.deepEqual(await stage.where('u'), ['/a 0', '/a 1']);
  });
});
