/** A broker, a client, and the few calls that tests of transactions have in common. */
import assert from 'node:assert/strict';

import { type Disk, nodeHost, silentLogger } from '@millrace/base';
import { Broker, readBrokerConfig } from '@millrace/broker';
import {
  batchHeader,
  decodeBatch,
  encodeBatch,
  errorName,
  splitBatches,
  type Response,
  type RequestInput,
} from '@millrace/protocol';

import { MemoryDisk } from './memory-disk.ts';
import { WireClient } from './wire-client.ts';

/** What a producer signs its batches with. */
export interface ProducerIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

type Fetched = Response<'fetch'>['responses'][number]['partitions'][number];
type Produced = Response<'produce'>['responses'][number]['partitionResponses'][number];

const properties = {
  'node.id': '1',
  listeners: 'PLAINTEXT://127.0.0.1:0',
  'log.dirs': '/memory',
  'group.initial.rebalance.delay.ms': '0',
  'offsets.topic.num.partitions': '1',
  'transaction.state.log.num.partitions': '2',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '20',
  'admin.listener': '',
};

export class WireStage implements AsyncDisposable {
  readonly disk: Disk;
  readonly broker: Broker;
  readonly client: WireClient;

  private constructor(disk: Disk, broker: Broker, client: WireClient) {
    this.disk = disk;
    this.broker = broker;
    this.client = client;
  }

  static async open(disk: Disk = new MemoryDisk()): Promise<WireStage> {
    const args = Object.entries(properties).flatMap(([key, value]) => ['--override', `${key}=${value}`]);
    const config = readBrokerConfig({ args, environment: {}, disk });
    const fatal = (error: unknown): never => {
      throw error;
    };
    const broker = await Broker.start({ host: { ...nodeHost(silentLogger), disk }, config, fatal });
    const { port } = broker.advertised('PLAINTEXT');
    return new WireStage(disk, broker, await WireClient.connect(`127.0.0.1:${port}`));
  }

  /** The same data under a new broker. */
  async restart(): Promise<WireStage> {
    await this[Symbol.asyncDispose]();
    return await WireStage.open(this.disk);
  }

  async another(): Promise<WireClient> {
    return await WireClient.connect(`127.0.0.1:${this.broker.advertised('PLAINTEXT').port}`);
  }

  async topic(name: string, numPartitions = 1): Promise<void> {
    const { topics } = await this.client.send('createTopics', 7, {
      topics: [{ name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }],
    });
    assert.equal(errorName(topics[0]?.errorCode ?? -1), 'NONE');
  }

  async init(transactionalId: string, more: Partial<RequestInput<'initProducerId'>> = {}): Promise<ProducerIdentity> {
    await this.client.send('findCoordinator', 2, { key: transactionalId, keyType: 1 });
    const request = { transactionalId, transactionTimeoutMs: 60_000, ...more };
    const { errorCode, producerId, producerEpoch } = await this.client.send('initProducerId', 4, request);
    assert.equal(errorName(errorCode), 'NONE');
    return { producerId, producerEpoch };
  }

  /** One record in the topic `t`; since version 12 it begins the transaction by itself. */
  async write(
    transactionalId: string,
    producer: ProducerIdentity,
    baseSequence: number,
    { version = 12, partition = 0, client = this.client } = {},
  ): Promise<Produced> {
    const owner = { ...producer, baseSequence, isTransactional: true };
    const value = Buffer.from(`${producer.producerId}/${producer.producerEpoch}/${baseSequence}`);
    const partitionData = [
      { index: partition, records: encodeBatch([{ value, timestamp: this.broker.host.clock.now() }], owner) },
    ];
    const request = { transactionalId, acks: -1, timeoutMs: 5000, topicData: [{ name: 't', partitionData }] };
    const { responses } = await client.send('produce', version, request);
    return responses[0]?.partitionResponses[0] as Produced;
  }

  async written(...all: Parameters<WireStage['write']>): Promise<number> {
    const { errorCode, baseOffset } = await this.write(...all);
    assert.equal(errorName(errorCode), 'NONE');
    return baseOffset;
  }

  async add(transactionalId: string, producer: ProducerIdentity, partitions: readonly number[]): Promise<string> {
    const { resultsByTopicV3AndBelow } = await this.client.send('addPartitionsToTxn', 3, {
      v3AndBelowTransactionalId: transactionalId,
      v3AndBelowProducerId: producer.producerId,
      v3AndBelowProducerEpoch: producer.producerEpoch,
      v3AndBelowTopics: [{ name: 't', partitions }],
    });
    return errorName(resultsByTopicV3AndBelow[0]?.resultsByPartition[0]?.partitionErrorCode ?? -1);
  }

  async end(
    transactionalId: string,
    { producerId, producerEpoch }: ProducerIdentity,
    committed: boolean,
    version = 5,
  ): Promise<{ readonly error: string; readonly next: ProducerIdentity }> {
    const answer = await this.client.send('endTxn', version, { transactionalId, producerId, producerEpoch, committed });
    const next = { producerId: answer.producerId, producerEpoch: answer.producerEpoch };
    return { error: errorName(answer.errorCode), next };
  }

  /** The end is certain, and gives what the producer goes on with. */
  async ended(...all: Parameters<WireStage['end']>): Promise<ProducerIdentity> {
    const { error, next } = await this.end(...all);
    assert.equal(error, 'NONE');
    return next;
  }

  async state(transactionalId: string): Promise<string> {
    const { transactionStates } = await this.client.send('describeTransactions', 0, {
      transactionalIds: [transactionalId],
    });
    return transactionStates[0]?.transactionState ?? '';
  }

  /** All markers are written. */
  async settled(transactionalId: string, state: string): Promise<void> {
    while ((await this.state(transactionalId)) !== state) await this.#pause();
  }

  async #pause(): Promise<void> {
    await new Promise<void>((resolve) => this.broker.host.timers.after(5, resolve));
  }

  async fetch(
    fetchOffset: number,
    {
      isolationLevel = 1,
      maxWaitMs = 0,
      partition = 0,
      client = this.client,
    }: { isolationLevel?: number; maxWaitMs?: number; partition?: number; client?: WireClient } = {},
  ): Promise<Fetched> {
    const { responses } = await client.send('fetch', 12, {
      maxWaitMs,
      minBytes: 1,
      maxBytes: 1 << 20,
      isolationLevel,
      sessionId: 0,
      sessionEpoch: -1,
      topics: [{ topic: 't', partitions: [{ partition, fetchOffset, partitionMaxBytes: 1 << 20 }] }],
      forgottenTopicsData: [],
    });
    return responses[0]?.partitions[0] as Fetched;
  }

  /** What a consumer of committed records would see, as it works with the list of aborted transactions. */
  async committed(partition = 0): Promise<string[]> {
    return visible(await this.fetch(0, { partition }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    await this.broker.stop();
  }
}

/** Skips the records of aborted transactions until their marker, as clients do. */
export function visible({ records, abortedTransactions }: Fetched): string[] {
  if (records === null) return [];
  const aborted = new Map<number, number[]>();
  for (const { producerId, firstOffset } of abortedTransactions ?? [])
    aborted.set(
      producerId,
      [...(aborted.get(producerId) ?? []), firstOffset].sort((a, b) => a - b),
    );
  const skipped = new Set<number>();
  const values: string[] = [];
  for (const { at, producerId, baseOffset, isControl } of batchesOf(records)) {
    const begins = aborted.get(producerId);
    if (begins?.[0] !== undefined && begins[0] <= baseOffset) {
      begins.shift();
      skipped.add(producerId);
    }
    if (isControl) skipped.delete(producerId);
    else if (!skipped.has(producerId))
      for (const { value } of decodeBatch(records, at, 1 << 20)) values.push(value?.toString() ?? '');
  }
  return values;
}

interface FoundBatch {
  readonly at: number;
  readonly producerId: number;
  readonly baseOffset: number;
  readonly isControl: boolean;
}

function batchesOf(bytes: Buffer): FoundBatch[] {
  return splitBatches(bytes).spans.map(({ at }) => ({
    at,
    producerId: batchHeader.producerId(bytes, at),
    baseOffset: batchHeader.baseOffset(bytes, at),
    isControl: batchHeader.isControl(bytes, at),
  }));
}
