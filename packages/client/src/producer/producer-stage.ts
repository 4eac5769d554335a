/**
 * Brokers for tests of what writes. They keep partitions in memory and look at sequences as Apache Kafka does; a test says which requests
 * fail, before or after the append. In: Produce and what belongs to it. Out: answers, and the records as they stand in the log.
 */
import { batchHeader, decodeBatch, errors } from '@millrace/protocol';
import { dialScripted, ScriptedBroker, type ScriptedRequest } from '@millrace/testkit';

import { type ClientHost, nodeClientHost } from '../client-host.ts';
import { Producer, type ProducerOptions } from './producer.ts';

/** What happens to a batch: an error without an append, an append whose answer is lost or an error, or no append and no answer. */
export type Fault =
  | { readonly code: number; readonly isAppended?: boolean; readonly recordErrors?: readonly object[] }
  | 'close'
  | 'append and close'
  | 'silence';

export interface FaultPlace {
  readonly partition: number;
  /** Of all batches that came for the partition, this one included. */
  readonly tries: number;
  readonly epoch: number;
  readonly sequence: number;
  readonly count: number;
  readonly bytes: number;
}

interface Partition {
  leaderId: number;
  leaderEpoch: number;
  tries: number;
  readonly values: string[];
  readonly producers: Map<number, ProducerEntry>;
}

interface ProducerEntry {
  epoch: number;
  next: number;
  /** First sequence and offset of the last batches. */
  readonly last: { readonly sequence: number; readonly count: number; readonly offset: number }[];
}

const port = 9092;
const topicId = 'AAAAAAAAAAAAAAAAAAAAAQ';
const rememberedBatches = 5;

export class ProducerStage {
  readonly brokers: ScriptedBroker[] = [];
  readonly partitions: Partition[];
  readonly host: ClientHost;
  fault: (place: FaultPlace) => Fault | undefined = () => undefined;
  /** Answers to anything but Metadata and Produce. */
  say: (request: ScriptedRequest) => object | undefined = () => undefined;
  logStartOffset = 0n;
  /** Metadata names the leaders of the beginning; only answers to Produce name the present ones (KIP-951). */
  hasOldMetadata = false;
  isLogAppendTime = false;
  /** Of the brokers, in their order. */
  racks: readonly string[] = [];
  #ids = 100;

  constructor(brokers = 1, partitions = 1) {
    const byAddress = new Map<string, ScriptedBroker>();
    for (let id = 1; id <= brokers; id++) {
      const broker = new ScriptedBroker((request) => this.#answer(id, request));
      this.brokers.push(broker);
      byAddress.set(`b${id}:${port}`, broker);
    }
    this.partitions = Array.from({ length: partitions }, (_, index) => ({
      leaderId: (index % brokers) + 1,
      leaderEpoch: 1,
      tries: 0,
      values: [],
      producers: new Map(),
    }));
    this.host = { ...nodeClientHost(), dial: dialScripted(byAddress) };
  }

  producer(options: ProducerOptions = {}): Producer {
    return new Producer({
      'bootstrap.servers': `b1:${port}`,
      'retry.backoff.ms': 1,
      'retry.backoff.max.ms': 4,
      'reconnect.backoff.ms': 1,
      'reconnect.backoff.max.ms': 2,
      host: this.host,
      ...options,
    });
  }

  /** Another broker leads from now on. */
  move(index: number): void {
    const partition = this.partitions[index]!;
    partition.leaderId = (partition.leaderId % this.brokers.length) + 1;
    partition.leaderEpoch++;
  }

  count(name: ScriptedRequest['name']): number {
    return this.brokers.reduce((sum, broker) => sum + broker.count(name), 0);
  }

  #answer(brokerId: number, request: ScriptedRequest): object | 'close' | 'silence' | undefined {
    if (request.name === 'metadata') return this.#metadata();
    if (request.name === 'produce') return this.#produce(brokerId, request);
    const said = this.say(request);
    if (said !== undefined || request.name !== 'initProducerId') return said;
    return { throttleTimeMs: 0, errorCode: 0, producerId: ++this.#ids, producerEpoch: 0 };
  }

  #metadata(): object {
    const ids = this.brokers.map((_, index) => index + 1);
    const partitions = this.partitions.map(({ leaderId, leaderEpoch }, partitionIndex) => ({
      errorCode: 0,
      partitionIndex,
      leaderId: this.hasOldMetadata ? 1 : leaderId,
      leaderEpoch: this.hasOldMetadata ? 1 : leaderEpoch,
      replicaNodes: ids,
      isrNodes: ids,
      offlineReplicas: [],
    }));
    return {
      brokers: this.#nodes(),
      clusterId: 'c',
      controllerId: 1,
      topics: [{ errorCode: 0, name: 't', topicId, isInternal: false, partitions }],
    };
  }

  #nodes(): object[] {
    return this.brokers.map((_, index) => {
      const rack = this.racks[index] ?? null;
      return { nodeId: index + 1, host: `b${index + 1}`, port, rack };
    });
  }

  #produce(brokerId: number, { request }: ScriptedRequest): object | 'close' | 'silence' {
    const { topicData } = request as {
      topicData: { partitionData: { index: number; records: Buffer }[] }[];
    };
    const answers: object[] = [];
    let end: 'close' | 'silence' | undefined;
    for (const { index, records } of topicData[0]!.partitionData) {
      const answer = this.#take(brokerId, index, Buffer.from(records));
      if (typeof answer === 'string') end = answer;
      else answers.push({ index, baseOffset: -1n, logStartOffset: this.logStartOffset, recordErrors: [], ...answer });
    }
    const nodeEndpoints = this.hasOldMetadata ? this.#nodes() : [];
    return end ?? { responses: [{ topicId, name: 't', partitionResponses: answers }], nodeEndpoints };
  }

  #take(brokerId: number, index: number, batch: Buffer): object | 'close' | 'silence' {
    const partition = this.partitions[index]!;
    const [epoch, sequence] = [batchHeader.producerEpoch(batch, 0), batchHeader.baseSequence(batch, 0)];
    const count = batchHeader.recordCount(batch, 0);
    const tries = ++partition.tries;
    const fault = this.fault({ partition: index, tries, epoch, sequence, count, bytes: batch.length });
    if (fault === 'close' || fault === 'silence') return fault;
    if (fault === 'append and close') {
      this.#append(partition, batch);
      return 'close';
    }
    if (fault !== undefined) {
      if (fault.isAppended === true) this.#append(partition, batch);
      return { errorCode: fault.code, recordErrors: fault.recordErrors ?? [] };
    }
    const { leaderId, leaderEpoch } = partition;
    const currentLeader = this.hasOldMetadata ? { leaderId, leaderEpoch } : { leaderId: -1, leaderEpoch: -1 };
    if (leaderId !== brokerId) return { errorCode: errors.NOT_LEADER_OR_FOLLOWER, currentLeader };
    return this.#append(partition, batch);
  }

  #append({ producers, values }: Partition, batch: Buffer): object {
    const id = batchHeader.producerId(batch, 0);
    const [epoch, sequence] = [batchHeader.producerEpoch(batch, 0), batchHeader.baseSequence(batch, 0)];
    const records = decodeBatch(batch, 0, 1 << 24);
    const baseOffset = values.length;
    if (id >= 0) {
      const known = producers.get(id);
      // Who is not known may begin anywhere, as in Apache Kafka.
      const entry = known ?? { epoch, next: sequence, last: [] };
      if (epoch < entry.epoch) return { errorCode: errors.INVALID_PRODUCER_EPOCH };
      const twin = entry.last.find((one) => one.sequence === sequence && one.count === records.length);
      if (epoch === entry.epoch && twin !== undefined) return { errorCode: 0, baseOffset: BigInt(twin.offset) };
      const next = epoch > entry.epoch ? 0 : entry.next;
      if (sequence !== next) return { errorCode: errors.OUT_OF_ORDER_SEQUENCE_NUMBER };
      if (epoch > entry.epoch) entry.last.length = 0;
      entry.epoch = epoch;
      entry.next = (sequence + records.length) % 2 ** 31;
      entry.last.push({ sequence, count: records.length, offset: baseOffset });
      if (entry.last.length > rememberedBatches) entry.last.shift();
      producers.set(id, entry);
    }
    for (const { value } of records) values.push(value?.toString() ?? 'null');
    return {
      errorCode: 0,
      baseOffset: BigInt(baseOffset),
      logAppendTimeMs: this.isLogAppendTime ? 1_700_000_000_000 : -1,
    };
  }
}
