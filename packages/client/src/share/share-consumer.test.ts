/** A share consumer and two brokers that say what a test tells them to: for what real brokers seldom do. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { dialScripted, everyVersion, ScriptedBroker, type ScriptedRequest } from '@millrace/testkit';
import { encodeBatch, type ErrorName, errors } from '@millrace/protocol';

import { nodeClientHost } from '../client-host.ts';
import { isClientError } from '../error.ts';
import type { AcknowledgementResult } from './acknowledgement.ts';
import { ShareConsumer } from './share-consumer.ts';
import type { ShareConsumerOptions } from './share-options.ts';

const topicId = 'AAAAAAAAAAAAAAAAAAAAAQ';

interface Asked {
  readonly name: string;
  readonly broker: number;
  readonly epoch: number;
  /** Partitions that are new to the session. */
  readonly added: readonly number[];
  /** `first-last:type`. */
  readonly acks: string;
  readonly isRenewAck: boolean;
  readonly maxRecords: number;
}

interface Stock {
  readonly from: number;
  readonly count: number;
}

class ShareStage implements AsyncDisposable {
  readonly consumer: ShareConsumer;
  readonly asked: Asked[] = [];
  readonly beats: { readonly epoch: number; readonly topics: readonly string[] | null }[] = [];
  readonly results: AcknowledgementResult[] = [];
  readonly brokers: readonly ScriptedBroker[];
  leader = 1;
  /** Each is the answer to one fetch. */
  stock: Stock[] = [];
  /** Errors of whole answers, in order, by the name of the API. */
  refusals = new Map<string, ErrorName[]>();
  acknowledgeError: ErrorName = 'NONE';
  lockMs = 30_000;
  shareVersionMax = 2;

  constructor(options: Partial<ShareConsumerOptions> = {}) {
    this.brokers = [1, 2].map((id) => new ScriptedBroker((request) => this.#answer(id, request)));
    const dial = dialScripted(new Map(this.brokers.map((broker, index) => [`b${index + 1}:9092`, broker])));
    this.consumer = new ShareConsumer({
      'bootstrap.servers': 'b1:9092',
      'group.id': 'g',
      'fetch.max.wait.ms': 5,
      'retry.backoff.ms': 1,
      'retry.backoff.max.ms': 2,
      onAcknowledgementCommit: (results) => void this.results.push(...results),
      ...options,
      host: { ...nodeClientHost(), dial },
    });
    this.consumer.subscribe(['t']);
  }

  /** Requests of the session with acknowledgements, or that open or end it. */
  get story(): string[] {
    return this.asked
      .filter(({ name, acks, epoch }) => name === 'shareAcknowledge' || acks !== '' || epoch <= 0)
      .map(({ name, broker, epoch, acks }) =>
        `${name === 'shareFetch' ? 'fetch' : 'ack'}@${broker} ${epoch <= 0 ? epoch : 'n'} ${acks}`.trim(),
      );
  }

  async take(count: number): Promise<bigint[]> {
    const offsets: bigint[] = [];
    if (count > 0) for await (const { offset } of this.consumer) if (offsets.push(offset) === count) break;
    return offsets;
  }

  async until(holds: () => boolean): Promise<void> {
    for (let turn = 0; !holds(); turn++) {
      assert.ok(turn < 5000, `in vain: ${holds.toString()}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.consumer.close({ timeoutMs: 2000 });
  }

  async #answer(id: number, { name, request }: ScriptedRequest): Promise<object | undefined> {
    switch (name) {
      case 'apiVersions':
        return this.#versions();
      case 'findCoordinator':
        return { coordinators: [{ key: 'g', nodeId: 1, host: 'b1', port: 9092, errorCode: 0, errorMessage: null }] };
      case 'metadata':
        return this.#metadata();
      case 'shareGroupHeartbeat':
        return this.#beat(request as never);
      case 'shareFetch':
        return await this.#fetch(id, request as never);
      case 'shareAcknowledge':
        return this.#acknowledge(id, request as never);
      default:
        return undefined;
    }
  }

  #versions(): object {
    const all = everyVersion() as { apiKeys: { apiKey: number; maxVersion: number }[] };
    const limited = all.apiKeys.map((api) =>
      api.apiKey === 78 || api.apiKey === 79 ? { ...api, maxVersion: this.shareVersionMax } : api,
    );
    return { ...all, apiKeys: limited };
  }

  #metadata(): object {
    const partition = { errorCode: 0, partitionIndex: 0, leaderId: this.leader, leaderEpoch: this.leader };
    const partitions = [{ ...partition, replicaNodes: [1], isrNodes: [1], offlineReplicas: [] }];
    return {
      brokers: [1, 2].map((nodeId) => ({ nodeId, host: `b${nodeId}`, port: 9092, rack: null })),
      clusterId: 'c',
      controllerId: 1,
      topics: [{ errorCode: 0, name: 't', topicId, isInternal: false, partitions }],
      errorCode: 0,
    };
  }

  #beat(request: { memberEpoch: number; subscribedTopicNames: string[] | null }): object {
    this.beats.push({ epoch: request.memberEpoch, topics: request.subscribedTopicNames });
    const errorCode = this.#refusal('shareGroupHeartbeat');
    const assignment = request.memberEpoch === 0 ? { topicPartitions: [{ topicId, partitions: [0] }] } : null;
    return { errorCode, memberId: 'm', memberEpoch: 1, heartbeatIntervalMs: 5, assignment };
  }

  async #fetch(id: number, request: ShareRequest): Promise<object> {
    this.#note('shareFetch', id, request);
    const errorCode = this.#refusal('shareFetch');
    const part = { partitionIndex: 0, errorMessage: null, acknowledgeErrorMessage: null };
    const currentLeader = { leaderId: this.leader, leaderEpoch: this.leader };
    const acknowledgeErrorCode = errors[this.acknowledgeError];
    const whole = { errorCode, acquisitionLockTimeoutMs: this.lockMs, nodeEndpoints: [] };
    if (errorCode !== 0) return { ...whole, responses: [] };
    if (this.leader !== id) {
      const moved = { ...part, errorCode: errors.NOT_LEADER_OR_FOLLOWER, acknowledgeErrorCode, currentLeader };
      const partitions = [{ ...moved, records: Buffer.alloc(0), acquiredRecords: [] }];
      return { ...whole, responses: [{ topicId, partitions }] };
    }
    const next = this.stock.shift();
    if (next === undefined) await new Promise((resolve) => setTimeout(resolve, 2));
    const records = next === undefined ? Buffer.alloc(0) : batchOf(next);
    const acquired = {
      firstOffset: BigInt(next?.from ?? 0),
      lastOffset: BigInt((next?.from ?? 0) + (next?.count ?? 0) - 1),
    };
    const acquiredRecords = next === undefined ? [] : [{ ...acquired, deliveryCount: 1 }];
    const partitions = [{ ...part, errorCode: 0, acknowledgeErrorCode, currentLeader, records, acquiredRecords }];
    return { ...whole, responses: [{ topicId, partitions }] };
  }

  #acknowledge(id: number, request: ShareRequest): object {
    this.#note('shareAcknowledge', id, request);
    const currentLeader = { leaderId: this.leader, leaderEpoch: this.leader };
    const errorCode = errors[this.acknowledgeError];
    const partitions = [{ partitionIndex: 0, errorCode, errorMessage: null, currentLeader }];
    const whole = { errorCode: this.#refusal('shareAcknowledge'), acquisitionLockTimeoutMs: this.lockMs };
    return { ...whole, responses: [{ topicId, partitions }], nodeEndpoints: [] };
  }

  #refusal(name: string): number {
    return errors[this.refusals.get(name)?.shift() ?? 'NONE'];
  }

  #note(name: string, broker: number, request: ShareRequest): void {
    const partitions = request.topics.flatMap((topic) => topic.partitions);
    const batches = partitions.flatMap((partition) => partition.acknowledgementBatches);
    this.asked.push({
      name,
      broker,
      epoch: request.shareSessionEpoch,
      added: partitions.map(({ partitionIndex }) => partitionIndex),
      acks: batches
        .map(
          ({ firstOffset, lastOffset, acknowledgeTypes }) => `${firstOffset}-${lastOffset}:${acknowledgeTypes.join()}`,
        )
        .join(' '),
      isRenewAck: request.isRenewAck,
      maxRecords: request.maxRecords ?? 0,
    });
  }
}

interface ShareRequest {
  readonly shareSessionEpoch: number;
  readonly isRenewAck: boolean;
  readonly maxRecords?: number;
  readonly topics: readonly {
    readonly partitions: readonly {
      readonly partitionIndex: number;
      readonly acknowledgementBatches: readonly {
        readonly firstOffset: bigint;
        readonly lastOffset: bigint;
        readonly acknowledgeTypes: readonly number[];
      }[];
    }[];
  }[];
}

function batchOf({ from, count }: Stock): Buffer {
  const records = Array.from({ length: count }, (_, index) => ({ value: Buffer.from(`v${from + index}`) }));
  return encodeBatch(records, { baseOffset: from });
}

const explicit = { 'share.acknowledgement.mode': 'explicit' } as const;

suite('a share consumer', () => {
  test('acknowledges with the next fetch what was handed out before, and fetches nothing ahead', async () => {
    await using stage = new ShareStage({ 'max.poll.records': 3 });
    stage.stock = [
      { from: 0, count: 3 },
      { from: 3, count: 2 },
    ];
    const reader = stage.consumer[Symbol.asyncIterator]();
    for (let index = 0; index < 3; index++) await reader.next();
    await stage.until(() => stage.beats.length > 3);
    assert.equal(stage.stock.length, 1);
    await reader.next();
    assert.deepEqual(stage.story, ['fetch@1 0', 'fetch@1 n 0-2:1']);
    assert.ok(stage.asked.every(({ maxRecords }) => maxRecords === 3));
    assert.deepEqual(
      stage.asked.map(({ epoch }) => epoch),
      stage.asked.map((_, index) => index),
    );
    await reader.return?.();
    assert.deepEqual(
      (await stage.consumer.commitSync()).map(({ ranges, error }) => [ranges, error]),
      [[[{ firstOffset: 3n, lastOffset: 3n, type: 'accept' }], undefined]],
    );
    await stage.consumer.close();
    assert.equal(stage.story.at(-1), 'ack@1 -1 4-4:2');
    assert.equal(stage.beats.at(-1)!.epoch, -1);
  });

  test('a session that the broker forgot is opened anew, and what it held is said to be lost', async () => {
    await using stage = new ShareStage(explicit);
    stage.stock = [{ from: 0, count: 2 }];
    for await (const record of stage.consumer) {
      stage.consumer.acknowledge(record);
      if (record.offset === 1n) break;
    }
    stage.refusals.set('shareAcknowledge', ['SHARE_SESSION_NOT_FOUND']);
    const [result] = await stage.consumer.commitSync();
    assert.equal(result!.error?.code, 'SHARE_SESSION_NOT_FOUND');
    assert.deepEqual(stage.results, [result]);
    stage.refusals.set('shareFetch', ['INVALID_SHARE_SESSION_EPOCH']);
    stage.stock = [{ from: 2, count: 1 }];
    assert.deepEqual(await stage.take(1), [2n]);
    const opened = stage.asked.slice(-2);
    assert.deepEqual(
      opened.map(({ epoch, added, acks }) => [epoch, added, acks]),
      [
        [0, [0], ''],
        [0, [0], ''],
      ],
    );
  });

  test('a lost connection ends the session: records in hand are not handed out, and acknowledgements fail', async () => {
    await using stage = new ShareStage();
    stage.stock = [{ from: 0, count: 5 }];
    const reader = stage.consumer[Symbol.asyncIterator]();
    await reader.next();
    await reader.next();
    stage.refusals.set('shareAcknowledge', ['SHARE_SESSION_NOT_FOUND']);
    for (const connection of stage.brokers[0]!.connections) connection.destroy();
    const results = await stage.consumer.commitSync();
    assert.equal(results[0]!.error?.code, 'SHARE_SESSION_NOT_FOUND');
    stage.stock = [{ from: 7, count: 1 }];
    assert.equal((await reader.next()).value?.offset, 7n);
  });

  test('follows the leader that an answer names', async () => {
    await using stage = new ShareStage();
    stage.stock = [{ from: 0, count: 1 }];
    assert.deepEqual(await stage.take(1), [0n]);
    stage.leader = 2;
    stage.stock = [{ from: 1, count: 1 }];
    assert.deepEqual(await stage.take(1), [1n]);
    assert.equal(stage.asked.at(-1)!.broker, 2);
    assert.deepEqual(stage.asked.filter(({ broker }) => broker === 2).map(({ epoch, added }) => [epoch, added])[0], [
      0,
      [0],
    ]);
  });

  test('a member that was fenced joins again under its name', async () => {
    await using stage = new ShareStage();
    await stage.until(() => stage.beats.length >= 3);
    assert.deepEqual(stage.beats.slice(0, 2), [
      { epoch: 0, topics: ['t'] },
      { epoch: 1, topics: null },
    ]);
    stage.refusals.set('shareGroupHeartbeat', ['UNKNOWN_MEMBER_ID']);
    const before = stage.beats.length;
    await stage.until(() => stage.beats.slice(before).some(({ epoch }) => epoch === 0));
    stage.stock = [{ from: 0, count: 1 }];
    assert.deepEqual(await stage.take(1), [0n]);
  });

  test('renewals go on their own, and are refused where the broker knows none', async () => {
    for (const version of [1, 2]) {
      await using stage = new ShareStage(explicit);
      stage.shareVersionMax = version;
      stage.stock = [{ from: 0, count: 2 }];
      const records = [];
      for await (const record of stage.consumer) if (records.push(record) === 2) break;
      stage.consumer.acknowledge(records[0]!, 'accept');
      stage.consumer.acknowledge(records[1]!, 'renew');
      const results = await stage.consumer.commitSync();
      const sent = stage.asked.at(-1)!;
      assert.equal(sent.acks, version === 1 ? '0-0:1' : '0-0:1 1-1:4');
      assert.equal(sent.isRenewAck, version === 2);
      const codes = results.map(({ ranges, error }) => `${ranges.map(({ type }) => type).join()}:${error?.code}`);
      assert.deepEqual(codes, version === 1 ? ['renew:UNSUPPORTED', 'accept:undefined'] : ['accept,renew:undefined']);
      stage.consumer.acknowledge({ topic: 't', partition: 0, offset: 1n }, 'reject');
      await stage.consumer.commitSync();
      assert.equal(stage.asked.at(-1)!.acks, '1-1:3');
    }
  });

  test('acknowledgements of a slow reader do not wait for its next fetch', async () => {
    await using stage = new ShareStage();
    stage.lockMs = 400;
    stage.stock = [{ from: 0, count: 3 }];
    const reader = stage.consumer[Symbol.asyncIterator]();
    await reader.next();
    await reader.next();
    await stage.until(() => stage.story.includes('ack@1 n 0-0:1'));
    assert.equal(stage.asked.filter(({ acks }) => acks !== '').length, 1);
  });

  test('handlers work side by side; a record is accepted when its own is done', async () => {
    await using stage = new ShareStage();
    stage.stock = [{ from: 0, count: 3 }];
    const gates = new Map<bigint, () => void>();
    const running = stage.consumer.run({
      concurrency: 2,
      eachRecord: ({ offset }) => new Promise<void>((resolve) => gates.set(offset, resolve)),
    });
    await stage.until(() => gates.size === 2);
    gates.get(1n)!();
    await stage.until(() => gates.size === 3);
    const [result] = await stage.consumer.commitSync();
    assert.deepEqual(result!.ranges, [{ firstOffset: 1n, lastOffset: 1n, type: 'accept' }]);
    const closing = stage.consumer.close();
    gates.get(0n)!();
    gates.get(2n)!();
    await closing;
    await running;
    assert.equal(stage.story.at(-1), 'ack@1 -1 0-0:1 2-2:1');
  });

  test('a refused acknowledgement is told with its reason, and reading goes on', async () => {
    await using stage = new ShareStage();
    stage.stock = [
      { from: 0, count: 1 },
      { from: 1, count: 1 },
    ];
    stage.acknowledgeError = 'INVALID_RECORD_STATE';
    assert.deepEqual(await stage.take(2), [0n, 1n]);
    assert.equal(stage.results[0]!.error?.code, 'INVALID_RECORD_STATE');
    assert.match(stage.results[0]!.error.message, /t-0.*b1:9092/);
  });

  test('says at once what it cannot be told', async () => {
    const servers = { 'bootstrap.servers': 'b1:9092' };
    assert.throws(() => new ShareConsumer(servers), { code: 'CONFIG', message: /group\.id/ });
    const foreign = { ...servers, 'group.id': 'g', 'auto.offset.reset': 'earliest' };
    assert.throws(() => new ShareConsumer(foreign), { code: 'CONFIG', message: /share\.auto\.offset\.reset/ });
    await using stage = new ShareStage();
    stage.stock = [{ from: 0, count: 1 }];
    const reader = stage.consumer[Symbol.asyncIterator]();
    const { value } = await reader.next();
    assert.throws(() => stage.consumer.acknowledge(value!), { code: 'STATE', message: /explicit/ });
    assert.throws(() => stage.consumer.batches(), { code: 'STATE' });
    await stage.consumer.close();
    assert.deepEqual(await reader.next(), { value: undefined, done: true });
    await assert.rejects(stage.consumer.commitSync(), { code: 'CLOSED' });
  });

  test('a member that is not allowed in tells its reader', async () => {
    await using stage = new ShareStage();
    stage.refusals.set('shareGroupHeartbeat', ['GROUP_AUTHORIZATION_FAILED']);
    await assert.rejects(
      stage.take(1),
      (error) => isClientError(error) && error.code === 'GROUP_AUTHORIZATION_FAILED' && /"g"/.test(error.message),
    );
  });
});
