/**
 * Traps that other brokers fell into, one test each, by their numbers in the survey of brokers; then those that fuzzing found in ours.
 * What is expected was first seen in Apache Kafka 4.3.1.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { suite, test } from 'node:test';

import type { LogFields, Logger } from '@millrace/base';
import {
  apis,
  consumerProtocolAssignment,
  decodeBatch,
  decodeResponse,
  encodeBatch,
  encodeVersioned,
  errorName,
  errors,
  splitBatches,
  zeroUuid,
  type BatchInput,
  type RecordInput,
  type Response,
} from '@millrace/protocol';
import { startBroker, WireClient, type TestBroker } from '@millrace/testkit';

/** A broker, a client, and the few calls that the tests have in common. */
class Stage implements AsyncDisposable {
  readonly broker: TestBroker;
  readonly client: WireClient;

  private constructor(broker: TestBroker, client: WireClient) {
    this.broker = broker;
    this.client = client;
  }

  static async open(properties: Readonly<Record<string, string>> = {}, log?: Logger): Promise<Stage> {
    const broker = await startBroker(properties, log);
    return new Stage(broker, await WireClient.connect(broker.bootstrap));
  }

  async topic(name: string, settings: Readonly<Record<string, string>> = {}, numPartitions = 1): Promise<string> {
    const configs = Object.entries(settings).map(([key, value]) => ({ name: key, value }));
    const { topics } = await this.client.send('createTopics', 7, {
      topics: [{ name, numPartitions, replicationFactor: 1, assignments: [], configs }],
    });
    assert.equal(errorName(topics[0]?.errorCode ?? -1), 'NONE');
    return topics[0]?.topicId ?? '';
  }

  async produce(topic: string, records: readonly RecordInput[], batch: BatchInput = {}): Promise<PartitionProduced> {
    const partitionData = [{ index: 0, records: encodeBatch(records, batch) }];
    const answer = await this.client.send('produce', 9, {
      acks: -1,
      timeoutMs: 5000,
      topicData: [{ name: topic, partitionData }],
    });
    return answer.responses[0]?.partitionResponses[0] as PartitionProduced;
  }

  async fetch(topic: string, fetchOffset: number, limits: FetchLimits = {}): Promise<PartitionFetched> {
    const { responses } = await this.client.send('fetch', 12, fetchRequest(topic, fetchOffset, limits));
    return responses[0]?.partitions[0] as PartitionFetched;
  }

  async offsetAt(
    topic: string,
    timestamp: number,
    version = 11,
  ): Promise<readonly [error: string, offset: number, timestamp: number]> {
    const answer = await this.client.send('listOffsets', version, {
      replicaId: -1,
      topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp }] }],
    });
    const found = answer.topics[0]?.partitions[0];
    return [errorName(found?.errorCode ?? -1), found?.offset ?? 0, found?.timestamp ?? 0];
  }

  async setting(topic: string, name: string): Promise<string | null | undefined> {
    const { results } = await this.client.send('describeConfigs', 4, {
      resources: [{ resourceType: topicResource, resourceName: topic, configurationKeys: [name] }],
    });
    return results[0]?.configs[0]?.value;
  }

  async alter(topic: string, name: string, configOperation: number, value: string | null): Promise<string> {
    const { responses } = await this.client.send('incrementalAlterConfigs', 1, {
      resources: [{ resourceType: topicResource, resourceName: topic, configs: [{ name, configOperation, value }] }],
      validateOnly: false,
    });
    return errorName(responses[0]?.errorCode ?? -1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    await this.broker.stop();
  }
}

type PartitionProduced = Response<'produce'>['responses'][number]['partitionResponses'][number];
type PartitionFetched = Response<'fetch'>['responses'][number]['partitions'][number];

interface FetchLimits {
  readonly maxWaitMs?: number;
  readonly partitionMaxBytes?: number;
  readonly isolationLevel?: number;
  readonly currentLeaderEpoch?: number;
  readonly sessionId?: number;
  readonly sessionEpoch?: number;
}

const topicResource = 2;
const set = 0;
const unset = 1;
const append = 2;
const subtract = 3;

function fetchRequest(topic: string, fetchOffset: number, limits: FetchLimits = {}) {
  const {
    maxWaitMs = 0,
    partitionMaxBytes = 1 << 20,
    isolationLevel = 0,
    currentLeaderEpoch = -1,
    sessionId = 0,
    sessionEpoch = -1,
  } = limits;
  return {
    maxWaitMs,
    minBytes: 1,
    maxBytes: 1 << 20,
    isolationLevel,
    sessionId,
    sessionEpoch,
    topics: [{ topic, partitions: [{ partition: 0, currentLeaderEpoch, fetchOffset, partitionMaxBytes }] }],
    forgottenTopicsData: [],
  };
}

function record(value: string, timestamp = 1000, key: string | null = 'k'): RecordInput {
  return { key: key === null ? null : Buffer.from(key), value: Buffer.from(value), timestamp };
}

function offsetsIn({ records }: PartitionFetched): number[] {
  const bytes = records ?? Buffer.alloc(0);
  return splitBatches(bytes).spans.flatMap(({ at }) =>
    [...decodeBatch(bytes, at, 1 << 20)].map(({ offset }) => offset),
  );
}

suite('traps that others found', () => {
  test('1: a fetch that starts inside a batch gets the whole batch, however little it asks for', async () => {
    await using stage = await Stage.open();
    await stage.topic('t');
    await stage.produce(
      't',
      ['a', 'b', 'c', 'd'].map((value) => record(value)),
    );
    await stage.produce('t', [record('e')]);
    assert.deepEqual(offsetsIn(await stage.fetch('t', 2)), [0, 1, 2, 3, 4]);
    assert.deepEqual(offsetsIn(await stage.fetch('t', 2, { partitionMaxBytes: 1 })), [0, 1, 2, 3]);
    assert.deepEqual(offsetsIn(await stage.fetch('t', 3, { partitionMaxBytes: 10 })), [0, 1, 2, 3]);
    assert.deepEqual(offsetsIn(await stage.fetch('t', 4, { partitionMaxBytes: 1 })), [4]);
  });

  test('2: max.message.bytes is enforced on the batch as it came, and follows the setting', async () => {
    await using stage = await Stage.open();
    await stage.topic('small', { 'max.message.bytes': '1000' });
    const large = [record('x'.repeat(2000))];
    assert.equal(errorName((await stage.produce('small', large)).errorCode), 'MESSAGE_TOO_LARGE');
    assert.equal(errorName((await stage.produce('small', large, { compression: 'gzip' })).errorCode), 'NONE');
    assert.equal(await stage.alter('small', 'max.message.bytes', set, '3000'), 'NONE');
    assert.equal(errorName((await stage.produce('small', large)).errorCode), 'NONE');
    assert.deepEqual(offsetsIn(await stage.fetch('small', 0)), [0, 1]);
  });

  test('3: a record without a key on a compacted topic is refused by its index, and nothing of its batch is stored', async () => {
    await using stage = await Stage.open();
    await stage.topic('compacted', { 'cleanup.policy': 'compact' });
    const refused = await stage.produce('compacted', [
      record('a'),
      record('b', 1000, null),
      record('c'),
      record('d', 1000, null),
    ]);
    assert.equal(errorName(refused.errorCode), 'INVALID_RECORD');
    assert.deepEqual(
      refused.recordErrors.map(({ batchIndex }) => batchIndex),
      [1, 3],
    );
    assert.equal(refused.baseOffset, -1);
    assert.equal((await stage.produce('compacted', [record('e')])).baseOffset, 0);
  });

  test('4: ListOffsets is exact for every time and every special value', async () => {
    await using stage = await Stage.open();
    await stage.topic('t');
    const specials = [-1, -2, -3, -4, -5, -6];
    const ofEmpty = await Promise.all(specials.map(async (at) => (await stage.offsetAt('t', at))[1]));
    assert.deepEqual(ofEmpty, [0, 0, -1, 0, -1, -1]);
    await stage.produce('t', [record('a', 100), record('b', 300), record('c', 200)]);
    await stage.produce('t', [record('d', 300), record('e', 250)]);
    await stage.produce('t', [record('f', 300)], { compression: 'gzip' });
    const found = async (at: number) => await stage.offsetAt('t', at);
    assert.deepEqual(await Promise.all(specials.map(found)), [
      ['NONE', 6, -1],
      ['NONE', 0, -1],
      ['NONE', 1, 300],
      ['NONE', 0, -1],
      ['NONE', -1, -1],
      ['NONE', -1, -1],
    ]);
    for (const at of [0, 99, 100])
      assert.deepEqual(await found(at), ['NONE', 0, 100], `the first record from ${at} on`);
    for (const at of [101, 200, 251, 300])
      assert.deepEqual(await found(at), ['NONE', 1, 300], `the first record from ${at} on`);
    assert.deepEqual(await found(301), ['NONE', -1, -1]);
    for (const at of [-7, -9]) assert.deepEqual(await found(at), ['UNSUPPORTED_VERSION', -1, -1]);
    // Each special value came with a version; before it, it is none.
    for (const [at, version] of [
      [-3, 6],
      [-4, 7],
      [-5, 8],
      [-6, 10],
    ] as const) {
      assert.deepEqual(
        await stage.offsetAt('t', at, version),
        ['UNSUPPORTED_VERSION', -1, -1],
        `${at} in version ${version}`,
      );
    }
  });

  test('5: CreatePartitions answers for each topic, and DescribeConfigs lists every setting with its source', async () => {
    await using stage = await Stage.open();
    await stage.topic('t', { 'retention.ms': '5000' });
    const { results } = await stage.client.send('createPartitions', 3, {
      topics: ['t', 'absent', 'missing'].map((name) => ({ name, count: 3, assignments: null })),
      timeoutMs: 5000,
      validateOnly: false,
    });
    const codes = new Map(results.map(({ name, errorCode }) => [name, errorName(errorCode)]));
    assert.deepEqual(
      codes,
      new Map([
        ['t', 'NONE'],
        ['absent', 'UNKNOWN_TOPIC_OR_PARTITION'],
        ['missing', 'UNKNOWN_TOPIC_OR_PARTITION'],
      ]),
    );
    const described = await stage.client.send('describeConfigs', 4, {
      resources: [{ resourceType: topicResource, resourceName: 't', configurationKeys: null }],
      includeSynonyms: true,
    });
    const settings = new Map(described.results[0]?.configs.map((config) => [config.name, config]));
    assert.equal(settings.size, 33, 'as many as Apache Kafka 4.3.1 lists');
    const fromTopic = 1;
    const fromDefault = 5;
    assert.deepEqual(
      [settings.get('retention.ms')?.value, settings.get('retention.ms')?.configSource],
      ['5000', fromTopic],
    );
    const policy = settings.get('cleanup.policy');
    assert.deepEqual(
      [policy?.value, policy?.configSource, policy?.synonyms[0]?.name],
      ['delete', fromDefault, 'log.cleanup.policy'],
    );
  });

  test('6: what is committed beside an offset comes back letter by letter; none is empty, and too much is refused', async () => {
    await using stage = await Stage.open();
    await stage.topic('t', {}, 2);
    await stage.client.send('findCoordinator', 3, { key: 'g', keyType: 0 });
    const commit = async (committedMetadata: string | null): Promise<string> => {
      const { topics } = await stage.client.send('offsetCommit', 8, {
        groupId: 'g',
        generationIdOrMemberEpoch: -1,
        memberId: '',
        topics: [{ name: 't', partitions: [{ partitionIndex: 0, committedOffset: 3, committedMetadata }] }],
      });
      return errorName(topics[0]?.partitions[0]?.errorCode ?? -1);
    };
    const fetched = async (partition = 0) => {
      const { topics } = await stage.client.send('offsetFetch', 7, {
        groupId: 'g',
        topics: [{ name: 't', partitionIndexes: [partition] }],
      });
      return topics[0]?.partitions[0];
    };
    for (const text of ['meta', '', 'ä€😀', 'y'.repeat(4096)]) {
      assert.equal(await commit(text), 'NONE');
      assert.equal((await fetched())?.metadata, text);
    }
    assert.equal(await commit('y'.repeat(4097)), 'OFFSET_METADATA_TOO_LARGE');
    assert.equal((await fetched())?.metadata, 'y'.repeat(4096), 'what was refused changed nothing');
    assert.equal(await commit(null), 'NONE');
    assert.equal((await fetched())?.metadata, '');
    const none = await fetched(1);
    assert.deepEqual([none?.committedOffset, none?.metadata], [-1, '']);
  });

  test('7: IncrementalAlterConfigs appends to lists and subtracts from them', async () => {
    await using stage = await Stage.open();
    await stage.topic('t');
    const steps: readonly (readonly [operation: number, value: string | null, after: string])[] = [
      [append, 'compact', 'delete,compact'],
      [append, 'compact', 'delete,compact'],
      [subtract, 'delete', 'compact'],
      [subtract, 'delete', 'compact'],
      [subtract, 'compact', ''],
      [unset, null, 'delete'],
    ];
    for (const [operation, value, after] of steps) {
      assert.equal(await stage.alter('t', 'cleanup.policy', operation, value), 'NONE');
      assert.equal(await stage.setting('t', 'cleanup.policy'), after);
    }
    assert.equal(await stage.alter('t', 'retention.ms', append, '5'), 'INVALID_CONFIG');
    assert.equal(await stage.alter('t', 'cleanup.policy', set, null), 'INVALID_REQUEST');
  });

  test('8: members that join at the same time keep the ids they were given, and an empty assignment is no missing one', async () => {
    // Who is in before the others must join again when they come: here all come within the first delay.
    await using stage = await Stage.open({ 'group.initial.rebalance.delay.ms': '500' });
    await stage.client.send('findCoordinator', 3, { key: 'g', keyType: 0 });
    const members = await Promise.all(Array.from({ length: 8 }, async () => await Member.open(stage.broker)));
    try {
      const joined = await Promise.all(members.map(async (member) => await member.join()));
      assert.deepEqual(new Set(joined.map(({ errorCode }) => errorName(errorCode))), new Set(['NONE']));
      const newest = Math.max(...joined.map(({ generationId }) => generationId));
      const last = await Promise.all(
        members.map(async (member, index) =>
          joined[index]?.generationId === newest ? joined[index] : await member.join(),
        ),
      );
      assert.deepEqual(
        new Set(last.map((answer) => answer?.generationId)),
        new Set([newest]),
        'all are in one generation',
      );
      const leader = last.find((answer) => answer?.leader === answer?.memberId);
      assert.equal(leader?.members.length, members.length);
      const assignments =
        leader?.members.map(({ memberId }, index) => ({
          memberId,
          assignment: index === 0 ? oneAssigned : noneAssigned,
        })) ?? [];
      const synced = await Promise.all(
        members.map(async (member) => await member.sync(newest, member.id === leader?.memberId ? assignments : [])),
      );
      assert.deepEqual(
        synced.map(({ errorCode }) => errorName(errorCode)),
        members.map(() => 'NONE'),
      );
      const lengths = synced.map(({ assignment }) => assignment.length).sort((left, right) => left - right);
      assert.deepEqual(lengths, [...members.slice(1).map(() => noneAssigned.length), oneAssigned.length]);
      for (const member of members) assert.equal(errorName(await member.heartbeat(newest)), 'NONE');
    } finally {
      for (const member of members) member.close();
    }
  });

  test('9: without transactions the last stable offset is the high watermark, exclusive, and read_committed readers get the last record', async () => {
    await using stage = await Stage.open();
    await stage.topic('t');
    await stage.produce('t', [record('a'), record('b')]);
    const found = await stage.fetch('t', 1, { isolationLevel: 1 });
    assert.deepEqual([found.highWatermark, found.lastStableOffset], [2, 2]);
    assert.deepEqual(offsetsIn(found), [0, 1]);
    assert.deepEqual(await stage.offsetAt('t', -1), ['NONE', 2, -1]);
  });

  test('10: an idempotent producer that the broker does not know may begin at any sequence, and must then go on from there', async () => {
    await using stage = await Stage.open();
    await stage.topic('t');
    const send = async (baseSequence: number): Promise<string> =>
      errorName(
        (await stage.produce('t', [record('a'), record('b')], { producerId: 4711, producerEpoch: 0, baseSequence }))
          .errorCode,
      );
    assert.equal(await send(17), 'NONE');
    assert.equal(await send(19), 'NONE');
    assert.equal(await send(30), 'OUT_OF_ORDER_SEQUENCE_NUMBER');
    assert.equal(await send(19), 'NONE', 'the last batch again is a success');
    assert.deepEqual(await stage.offsetAt('t', -1), ['NONE', 4, -1]);
  });

  test('11: a fetch that waits is answered with the records that came', async () => {
    await using stage = await Stage.open();
    await stage.topic('t');
    await using other = await WireClient.connect(stage.broker.bootstrap);
    const waiting = other.send('fetch', 12, fetchRequest('t', 0, { maxWaitMs: 60_000 }));
    await parked(stage);
    await stage.produce('t', [record('a')]);
    const { responses } = await waiting;
    assert.deepEqual(
      responses[0]?.partitions.map((partition) => offsetsIn(partition)),
      [[0]],
    );
  });

  test('11: a fetch of a session that waits is answered with the records that came', async () => {
    await using stage = await Stage.open();
    await stage.topic('t');
    await using other = await WireClient.connect(stage.broker.bootstrap);
    const { sessionId } = await other.send('fetch', 12, fetchRequest('t', 0, { sessionEpoch: 0 }));
    assert.notEqual(sessionId, 0);
    const waiting = other.send('fetch', 12, {
      ...fetchRequest('t', 0, { sessionId, sessionEpoch: 1, maxWaitMs: 60_000 }),
      topics: [],
    });
    await parked(stage);
    await stage.produce('t', [record('a')]);
    const { responses } = await waiting;
    assert.deepEqual(
      responses[0]?.partitions.map((partition) => offsetsIn(partition)),
      [[0]],
    );
  });

  test('11: a fetch that waits is answered with every partition when its time is over', async () => {
    await using stage = await Stage.open();
    await stage.topic('t');
    const found = await stage.fetch('t', 0, { maxWaitMs: 20 });
    assert.deepEqual([errorName(found.errorCode), found.highWatermark, found.records?.length], ['NONE', 0, 0]);
  });

  test('11: a fetch that waits is told at once that its topic was deleted', async () => {
    await using stage = await Stage.open();
    await stage.topic('t');
    await using other = await WireClient.connect(stage.broker.bootstrap);
    const waiting = other.send('fetch', 12, fetchRequest('t', 0, { maxWaitMs: 60_000 }));
    await parked(stage);
    await stage.client.send('deleteTopics', 6, { topics: [{ name: 't', topicId: zeroUuid }], timeoutMs: 5000 });
    const { responses } = await waiting;
    assert.deepEqual(
      responses[0]?.partitions.map(({ errorCode }) => errorName(errorCode)),
      ['UNKNOWN_TOPIC_OR_PARTITION'],
    );
  });

  test('11: a session that the broker does not have, or not any more, is refused at once', async () => {
    await using stage = await Stage.open({ 'max.incremental.fetch.session.cache.slots': '1' });
    await stage.topic('t');
    const ask = async (sessionId: number, sessionEpoch: number) =>
      await stage.client.send('fetch', 12, {
        ...fetchRequest('t', 0, { sessionId, sessionEpoch, maxWaitMs: 60_000 }),
        topics: [],
      });
    assert.equal(errorName((await ask(12_345, 3)).errorCode), 'FETCH_SESSION_ID_NOT_FOUND');
    const first = await stage.client.send('fetch', 12, fetchRequest('t', 0, { sessionEpoch: 0 }));
    assert.equal(errorName((await ask(first.sessionId, 9)).errorCode), 'INVALID_FETCH_SESSION_EPOCH');
    const second = await stage.client.send('fetch', 12, fetchRequest('t', 0, { sessionEpoch: 0 }));
    assert.equal(second.sessionId, 0, 'there is no slot, so there is no session');
    assert.equal(
      errorName(second.responses[0]?.partitions[0]?.errorCode ?? -1),
      'NONE',
      'and the fetch is answered all the same',
    );
  });

  test('12: a topic deleted and made again has a new id, begins empty, and knows nothing of the old one', async () => {
    await using stage = await Stage.open();
    const before = await stage.topic('t');
    await stage.produce('t', [record('old')]);
    await stage.client.send('deleteTopics', 6, { topics: [{ name: 't', topicId: zeroUuid }], timeoutMs: 5000 });
    const after = await stage.topic('t');
    assert.notEqual(after, before);
    assert.equal((await stage.fetch('t', 0)).highWatermark, 0);
    const { topics } = await stage.client.send('metadata', 12, {
      topics: [{ name: 't' }],
      allowAutoTopicCreation: false,
    });
    assert.deepEqual([topics[0]?.topicId, topics[0]?.partitions[0]?.leaderId], [after, 1]);
    const byOldId = await stage.client.send('produce', 13, {
      acks: -1,
      timeoutMs: 5000,
      topicData: [{ topicId: before, partitionData: [{ index: 0, records: encodeBatch([record('late')]) }] }],
    });
    assert.equal(errorName(byOldId.responses[0]?.partitionResponses[0]?.errorCode ?? -1), 'UNKNOWN_TOPIC_ID');
    const stale = await stage.fetch('t', 0, { currentLeaderEpoch: 5 });
    assert.equal(errorName(stale.errorCode), 'UNKNOWN_LEADER_EPOCH');
  });

  test('9: aborted data never reaches who reads committed records, and the last stable offset is exclusive', async () => {
    await using stage = await Stage.open();
    await stage.topic('t');
    const { client } = stage;
    const transactionalId = 'id';
    await client.send('findCoordinator', 2, { key: transactionalId, keyType: 1 });
    const { producerId } = await client.send('initProducerId', 4, { transactionalId, transactionTimeoutMs: 60_000 });
    const write = async (producerEpoch: number): Promise<number> => {
      const owner = { producerId, producerEpoch, baseSequence: 0, isTransactional: true };
      const partitionData = [{ index: 0, records: encodeBatch([record('a')], owner) }];
      const request = { transactionalId, acks: -1, timeoutMs: 5000, topicData: [{ name: 't', partitionData }] };
      return (await client.send('produce', 12, request)).responses[0]?.partitionResponses[0]?.errorCode ?? -1;
    };
    const end = async (producerEpoch: number, committed: boolean): Promise<void> => {
      const { errorCode } = await client.send('endTxn', 5, { transactionalId, producerId, producerEpoch, committed });
      assert.equal(errorName(errorCode), 'NONE');
    };
    const committed = { isolationLevel: 1 };
    assert.equal(errorName(await write(0)), 'NONE');
    const open = await stage.fetch('t', 0, committed);
    assert.deepEqual([open.highWatermark, open.lastStableOffset, open.records?.length], [1, 0, 0]);
    await end(0, false);
    // The next transaction begins behind the marker, and waits for it.
    assert.equal(errorName(await write(1)), 'NONE');
    const aborted = await stage.fetch('t', 0, committed);
    assert.deepEqual([aborted.highWatermark, aborted.lastStableOffset], [3, 2]);
    assert.deepEqual(aborted.abortedTransactions, [{ producerId, firstOffset: 0 }]);
    await end(1, true);
  });

  test('13: a version that is not served ends the connection, and the log says who asked for what', async () => {
    const lines: string[] = [];
    await using stage = await Stage.open({}, collecting(lines));
    const { client } = stage;
    await client.send('apiVersions', 3, { clientSoftwareName: 'old-client', clientSoftwareVersion: '0.9' });
    client.writeRaw(
      Buffer.from('0000000e' + '0000' + '0002' + '00000007' + '0004' + Buffer.from('fuzz').toString('hex'), 'hex'),
    );
    await client.closed;
    const line = lines.find((text) => text.includes('Produce'));
    assert.match(line ?? '', /old-client 0\.9/);
    assert.match(line ?? '', /version 2; served are 3 to 13/);
  });

  test('13: an ApiVersions of the future is answered in version 0 with what is served of it, and the connection goes on', async () => {
    await using stage = await Stage.open();
    const socket = net.connect({ host: stage.broker.host, port: stage.broker.port });
    try {
      const frame = Buffer.from(
        '0000000e' + '0012' + '0063' + '00000007' + '0004' + Buffer.from('fuzz').toString('hex'),
        'hex',
      );
      const supported = apis.apiVersions.versions.until;
      for (let round = 0; round < 2; round++) {
        socket.write(frame);
        const [answer] = (await once(socket, 'data')) as [Buffer];
        const { correlationId, response } = decodeResponse(apis.apiVersions, 0, answer.subarray(4));
        assert.equal(correlationId, 7);
        assert.equal(errorName(response.errorCode), 'UNSUPPORTED_VERSION');
        assert.deepEqual(
          response.apiKeys.map(({ apiKey, maxVersion }) => [apiKey, maxVersion]),
          [[18, supported]],
        );
      }
    } finally {
      socket.destroy();
    }
  });
});

suite('traps that fuzzing found', () => {
  test('Metadata 10 and 11 refuse a topic without a name, or with an id, as a whole', async () => {
    await using stage = await Stage.open();
    for (const version of [10, 11]) {
      for (const topic of [{ name: null }, { name: 't', topicId: 'AAAAAAAAAAAAAAAAAAAABQ' }]) {
        const answer = await stage.client.send('metadata', version, { topics: [topic], allowAutoTopicCreation: true });
        const found = answer.topics.map(({ errorCode, name }) => [errorName(errorCode), name]);
        assert.deepEqual(found, [['INVALID_REQUEST', topic.name ?? '']]);
      }
    }
    const all = await stage.client.send('metadata', 12, { topics: null });
    assert.deepEqual(all.topics, [], 'nothing was created');
  });

  test('CreateTopics makes at most 10000 partitions at once, defaults counted', async () => {
    await using stage = await Stage.open();
    const ask = async (...counts: readonly number[]): Promise<string[]> => {
      const topics = counts.map((numPartitions, index) => ({
        name: `t${index}`,
        numPartitions,
        replicationFactor: 1,
        assignments: [],
        configs: [],
      }));
      const answer = await stage.client.send('createTopics', 7, { topics, validateOnly: true });
      return answer.topics.map(({ errorCode }) => errorName(errorCode));
    };
    assert.deepEqual(await ask(10_001), ['POLICY_VIOLATION']);
    assert.deepEqual(await ask(6000, 6000), ['POLICY_VIOLATION', 'POLICY_VIOLATION']);
    assert.deepEqual(await ask(9999, -1, -1), ['POLICY_VIOLATION', 'POLICY_VIOLATION', 'POLICY_VIOLATION']);
    assert.deepEqual(await ask(5000, 4999, -1), ['NONE', 'NONE', 'NONE']);
  });

  test('DescribeConfigs answers a resource once, and not for a thousand names that mean nothing', async () => {
    await using stage = await Stage.open();
    await stage.topic('t');
    const ask = async (resources: readonly { resourceType: number; resourceName: string }[]) =>
      (
        await stage.client.send('describeConfigs', 4, {
          resources: resources.map((one) => ({ ...one, configurationKeys: null })),
        })
      ).results;
    const twice = await ask([
      ...Array.from({ length: 500 }, () => ({ resourceType: topicResource, resourceName: 't' })),
      { resourceType: 4, resourceName: '1' },
    ]);
    assert.deepEqual(
      twice.map(({ resourceName }) => resourceName),
      ['t', '1'],
    );
    const groups = await ask(
      Array.from({ length: 1001 }, (_, index) => ({ resourceType: 32, resourceName: `g${index}` })),
    );
    assert.deepEqual(
      groups.slice(-2).map(({ errorCode }) => errorName(errorCode)),
      ['NONE', 'INVALID_REQUEST'],
    );
  });

  test('an answer that cannot be encoded ends its connection, and not the broker', async () => {
    await using stage = await Stage.open();
    const served = stage.broker.broker.table().byKey[apis.describeCluster.key];
    assert.ok(served);
    for (const handle of [() => broken, async () => await Promise.resolve(broken)]) {
      Object.assign(served, { handle });
      await using other = await WireClient.connect(stage.broker.bootstrap);
      await assert.rejects(other.send('describeCluster', 0, { includeClusterAuthorizedOperations: false }), /closed/);
    }
    await stage.topic('t');
  });
});

const broken = { errorCode: 'no number' };

/** One member of the group `g`, with a connection of its own. */
class Member {
  id = '';
  readonly #client: WireClient;

  private constructor(client: WireClient) {
    this.#client = client;
  }

  static async open(broker: TestBroker): Promise<Member> {
    return new Member(await WireClient.connect(broker.bootstrap));
  }

  /** Asks again with the id that it is issued. */
  async join(): Promise<Response<'joinGroup'>> {
    for (;;) {
      const answer = await this.#client.send('joinGroup', 7, {
        groupId: 'g',
        sessionTimeoutMs: 30_000,
        rebalanceTimeoutMs: 30_000,
        memberId: this.id,
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata: Buffer.alloc(6) }],
      });
      this.id = answer.memberId;
      if (answer.errorCode !== errors.MEMBER_ID_REQUIRED) return answer;
    }
  }

  async sync(
    generationId: number,
    assignments: readonly { memberId: string; assignment: Uint8Array }[],
  ): Promise<Response<'syncGroup'>> {
    return await this.#client.send('syncGroup', 5, {
      groupId: 'g',
      generationId,
      memberId: this.id,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments,
    });
  }

  async heartbeat(generationId: number): Promise<number> {
    return (await this.#client.send('heartbeat', 4, { groupId: 'g', generationId, memberId: this.id })).errorCode;
  }

  close(): void {
    this.#client.close();
  }
}

const oneAssigned = encodeVersioned(consumerProtocolAssignment, 0, {
  assignedPartitions: [{ topic: 't', partitions: [0] }],
  userData: null,
});
const noneAssigned = encodeVersioned(consumerProtocolAssignment, 0, { assignedPartitions: [], userData: null });

/** Settles when a fetch waits in the only partition of `t`. */
async function parked(stage: Stage): Promise<void> {
  const partition = stage.broker.broker.partitions.byName('t', 0);
  while (partition?.waits.size === 0) await new Promise((resolve) => setImmediate(resolve));
}

function collecting(lines: string[]): Logger {
  const note = (fields: LogFields, text: string): void => void lines.push(`${JSON.stringify(fields)} ${text}`);
  const logger: Logger = { error: note, warn: note, info: note, debug: () => {}, child: () => logger };
  return logger;
}
