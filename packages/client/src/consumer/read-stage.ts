/** Two brokers that do what a test tells them to, and a consumer of the one partition they have: for what real brokers seldom do. */
import { dialScripted, ScriptedBroker, type ScriptedRequest } from '@millrace/testkit';
import { encodeBatch, errors } from '@millrace/protocol';

import { nodeClientHost, pause } from '../client-host.ts';
import { Consumer } from './consumer.ts';
import type { ConsumerOptions } from './consumer-options.ts';

export interface StagedBatch {
  readonly offset: bigint;
  readonly epoch: number;
  readonly bytes: Buffer;
}

export interface FetchAsked {
  readonly brokerId: number;
  readonly offset: bigint;
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly maxWaitMs: number;
}

type Refusal = (asked: FetchAsked) => object | undefined;

const topicId = 'AAAAAAAAAAAAAAAAAAAAAQ';
export const stagedPartition = { topic: 't', partition: 0 };

/** A batch of records `v<offset>`. */
export function stagedBatch(offset: number, count = 1, epoch = 0): StagedBatch {
  const records = Array.from({ length: count }, (_, index) => ({ value: Buffer.from(`v${offset + index}`) }));
  return { offset: BigInt(offset), epoch, bytes: encodeBatch(records, { baseOffset: offset, leaderEpoch: epoch }) };
}

export class ReadStage implements AsyncDisposable {
  readonly consumer: Consumer;
  readonly fetches: FetchAsked[] = [];
  readonly brokers: readonly [ScriptedBroker, ScriptedBroker];
  leader = { id: 1, epoch: 0 };
  batches: StagedBatch[] = [];
  /** Where epochs ended, as OffsetForLeaderEpoch tells it. */
  ends = new Map<number, { readonly leaderEpoch: number; readonly endOffset: bigint }>();
  /** Fields of the partition's answer in place of the ordinary ones. */
  refusal: Refusal = () => undefined;
  /** Fields of the whole answer in place of the ordinary ones. */
  wholeRefusal: Refusal = () => undefined;
  /** How long an answer without records is held. */
  holdMs = (maxWaitMs: number): number => maxWaitMs;
  #sessionId = 100;
  #closing = new AbortController();

  constructor(options: Partial<ConsumerOptions> = {}) {
    this.brokers = [
      new ScriptedBroker(async (request) => await this.#answer(1, request)),
      new ScriptedBroker(async (request) => await this.#answer(2, request)),
    ];
    const dial = dialScripted(new Map(this.brokers.map((broker, index) => [`b${index + 1}:9092`, broker])));
    this.consumer = new Consumer({
      'bootstrap.servers': 'b1:9092',
      'auto.offset.reset': 'earliest',
      'fetch.max.wait.ms': 5,
      'retry.backoff.ms': 1,
      'retry.backoff.max.ms': 2,
      ...options,
      host: { ...nodeClientHost(), dial },
    });
  }

  get end(): bigint {
    const last = this.batches.at(-1);
    return last === undefined ? 0n : last.offset + BigInt(last.bytes.readInt32BE(23)) + 1n;
  }

  /** The next `count` values. */
  async read(count: number): Promise<string[]> {
    const values: string[] = [];
    for await (const { value } of this.consumer) if (values.push(String(value)) === count) break;
    return values;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.consumer.close();
  }

  async #answer(brokerId: number, { name, request }: ScriptedRequest): Promise<object | undefined> {
    if (name === 'metadata') return this.#metadata();
    if (name === 'listOffsets') return this.#offsets(request as never);
    if (name === 'offsetForLeaderEpoch') return this.#epochEnd(request as never);
    return name === 'fetch' ? await this.#fetch(brokerId, request as never) : undefined;
  }

  #metadata(): object {
    const { id: leaderId, epoch: leaderEpoch } = this.leader;
    const partition = {
      errorCode: 0,
      partitionIndex: 0,
      leaderId,
      leaderEpoch,
      replicaNodes: [1, 2],
      isrNodes: [1, 2],
      offlineReplicas: [],
    };
    return {
      brokers: [1, 2].map((nodeId) => ({ nodeId, host: `b${nodeId}`, port: 9092, rack: null })),
      clusterId: 'c',
      controllerId: 1,
      topics: [{ errorCode: 0, name: 't', topicId, isInternal: false, partitions: [partition] }],
    };
  }

  #offsets({ topics: [topic] }: { topics: [{ partitions: [{ timestamp: number }] }] }): object {
    const offset = topic.partitions[0].timestamp === -2 ? (this.batches[0]?.offset ?? 0n) : this.end;
    return {
      topics: [
        {
          name: 't',
          partitions: [{ partitionIndex: 0, errorCode: 0, timestamp: -1, offset, leaderEpoch: this.leader.epoch }],
        },
      ],
    };
  }

  #epochEnd({ topics: [topic] }: { topics: [{ partitions: [{ leaderEpoch: number }] }] }): object {
    const { leaderEpoch } = topic.partitions[0];
    const end = this.ends.get(leaderEpoch) ?? { leaderEpoch, endOffset: this.end };
    return { topics: [{ topic: 't', partitions: [{ errorCode: 0, partition: 0, ...end }] }] };
  }

  async #fetch(brokerId: number, request: FetchRequestSeen): Promise<object> {
    const { sessionId, sessionEpoch, maxWaitMs } = request;
    const named = request.topics[0]?.partitions[0];
    const offset = named?.fetchOffset ?? this.fetches.at(-1)?.offset ?? 0n;
    const asked = { brokerId, offset, sessionId, sessionEpoch, maxWaitMs };
    this.fetches.push(asked);
    const whole = this.wholeRefusal(asked);
    if (whole !== undefined) return { responses: [], ...whole };
    const refused = this.refusal(asked);
    const records = refused === undefined ? this.#from(offset, named?.partitionMaxBytes ?? 1 << 20) : null;
    if (refused === undefined && records === null) await this.#idle(this.holdMs(maxWaitMs));
    const end = this.end;
    const partition = {
      partitionIndex: 0,
      errorCode: 0,
      highWatermark: end,
      lastStableOffset: end,
      logStartOffset: 0n,
      records,
      ...refused,
    };
    return {
      errorCode: 0,
      sessionId: sessionId === 0 ? ++this.#sessionId : sessionId,
      responses: [{ topicId, partitions: [partition] }],
    };
  }

  #from(offset: bigint, bytesMax: number): Buffer | null {
    const wanted = this.batches.filter(({ offset: base, bytes }) => base + BigInt(bytes.readInt32BE(23)) >= offset);
    if (wanted.length === 0) return null;
    const chosen = [wanted[0]!.bytes];
    let size = chosen[0]!.length;
    for (const { bytes } of wanted.slice(1)) if ((size += bytes.length) <= bytesMax) chosen.push(bytes);
    return Buffer.concat(chosen);
  }

  #idle(delayMs: number): Promise<void> {
    return pause(nodeClientHost(), delayMs, this.#closing.signal);
  }
}

interface FetchRequestSeen {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly maxWaitMs: number;
  readonly topics: readonly {
    readonly partitions: readonly { readonly fetchOffset: bigint; readonly partitionMaxBytes: number }[];
  }[];
}

/** What a partition says that has moved on. */
export const notLeader = { errorCode: errors.NOT_LEADER_OR_FOLLOWER };
