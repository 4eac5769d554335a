/**
 * A share consumer and two brokers that say what a test tells them to: for what real brokers seldom do. They lead the partitions of one topic,
 * `t`, and remember sessions as Apache Kafka does.
 */
import assert from 'node:assert/strict';

import { dialScripted, everyVersion, ScriptedBroker, type ScriptedRequest } from '@millrace/testkit';
import { encodeBatch, type ErrorName, errors } from '@millrace/protocol';

import { nodeClientHost } from '../client-host.ts';
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
  readonly maxWaitMs: number;
}

interface Stock {
  readonly from: number;
  readonly count: number;
}

interface StagedPartition {
  leader: number;
  /** Each is the answer to one fetch. */
  stock: Stock[];
}

export class ShareStage implements AsyncDisposable {
  readonly consumer: ShareConsumer;
  readonly asked: Asked[] = [];
  readonly beats: { readonly epoch: number; readonly topics: readonly string[] | null }[] = [];
  readonly results: AcknowledgementResult[] = [];
  readonly brokers: readonly ScriptedBroker[];
  readonly partitions: StagedPartition[];
  /** Errors of whole answers, in order, by the name of the API. */
  refusals = new Map<string, ErrorName[]>();
  acknowledgeError: ErrorName = 'NONE';
  lockMs = 30_000;
  shareVersionMax = 2;
  /** Of each broker's session: the partitions that it reads. */
  readonly #sessions = new Map<number, Set<number>>();

  /** One partition for each of `leaders`. */
  constructor(options: Partial<ShareConsumerOptions> = {}, leaders: readonly number[] = [1]) {
    this.partitions = leaders.map((leader) => ({ leader, stock: [] }));
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

  /** What is answered of the first partition. */
  get stock(): Stock[] {
    return this.partitions[0]!.stock;
  }

  set stock(stock: Stock[]) {
    this.partitions[0]!.stock = stock;
  }

  set leader(leader: number) {
    this.partitions[0]!.leader = leader;
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
    const partitions = this.partitions.map(({ leader }, partitionIndex) => ({
      errorCode: 0,
      partitionIndex,
      leaderId: leader,
      leaderEpoch: leader,
      replicaNodes: [1],
      isrNodes: [1],
      offlineReplicas: [],
    }));
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
    const assignment =
      request.memberEpoch === 0 ? { topicPartitions: [{ topicId, partitions: [...this.partitions.keys()] }] } : null;
    return { errorCode, memberId: 'm', memberEpoch: 1, heartbeatIntervalMs: 5, assignment };
  }

  async #fetch(id: number, request: ShareRequest): Promise<object> {
    this.#note('shareFetch', id, request);
    const whole = { errorCode: this.#refusal('shareFetch'), acquisitionLockTimeoutMs: this.lockMs, nodeEndpoints: [] };
    if (whole.errorCode !== 0) return { ...whole, responses: [] };
    const partitions = [...this.#session(id, request)].map((partition) => this.#read(id, partition));
    const isEmpty = partitions.every(({ acquiredRecords }) => acquiredRecords.length === 0);
    if (isEmpty && this.partitions.some(({ leader }) => leader === id))
      await new Promise((resolve) => setTimeout(resolve, 2));
    return { ...whole, responses: [{ topicId, partitions }] };
  }

  /** What the broker is to read for the member from now on. */
  #session(id: number, { shareSessionEpoch, topics, forgottenTopicsData = [] }: ShareRequest): ReadonlySet<number> {
    let session = this.#sessions.get(id);
    if (session === undefined || shareSessionEpoch === 0) this.#sessions.set(id, (session = new Set()));
    for (const { partitions } of topics) for (const { partitionIndex } of partitions) session.add(partitionIndex);
    for (const { partitions } of forgottenTopicsData) for (const partition of partitions) session.delete(partition);
    return session;
  }

  #read(id: number, partitionIndex: number) {
    const { leader, stock } = this.partitions[partitionIndex]!;
    const part = {
      partitionIndex,
      errorCode: leader === id ? 0 : errors.NOT_LEADER_OR_FOLLOWER,
      errorMessage: null,
      acknowledgeErrorCode: errors[this.acknowledgeError],
      acknowledgeErrorMessage: null,
      currentLeader: { leaderId: leader, leaderEpoch: leader },
    };
    const next = leader === id ? stock.shift() : undefined;
    if (next === undefined) return { ...part, records: Buffer.alloc(0), acquiredRecords: [] };
    const acquired = { firstOffset: BigInt(next.from), lastOffset: BigInt(next.from + next.count - 1) };
    return { ...part, records: batchOf(next), acquiredRecords: [{ ...acquired, deliveryCount: 1 }] };
  }

  #acknowledge(id: number, request: ShareRequest): object {
    this.#note('shareAcknowledge', id, request);
    const errorCode = errors[this.acknowledgeError];
    const partitions = this.partitions.map(({ leader }, partitionIndex) => {
      const currentLeader = { leaderId: leader, leaderEpoch: leader };
      return { partitionIndex, errorCode, errorMessage: null, currentLeader };
    });
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
      maxWaitMs: request.maxWaitMs ?? 0,
    });
  }
}

interface ShareRequest {
  readonly shareSessionEpoch: number;
  readonly isRenewAck: boolean;
  readonly maxRecords?: number;
  readonly maxWaitMs?: number;
  readonly forgottenTopicsData?: readonly { readonly partitions: readonly number[] }[];
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
