/** What a topic holds, read by Fetch requests alone: for tests of what writes. */
import { setTimeout as sleep } from 'node:timers/promises';

import { Cluster, clientKeys, nodeClientHost, readOptions } from '@millrace/client';
import { batchHeader, decodeBatch, type BatchRecord } from '@millrace/protocol';

export interface ReadRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [string, string | null])[];
  readonly timestamp: number;
}

export const clusterOf = (bootstrap: string): Cluster =>
  new Cluster({ host: nodeClientHost(), config: readOptions(clientKeys, { 'bootstrap.servers': bootstrap }) });

/** All records of all partitions, partition by partition. With `isCommitted` only those of transactions that were committed. */
export async function readTopic(bootstrap: string, topic: string, isCommitted = false): Promise<ReadRecord[]> {
  const cluster = clusterOf(bootstrap);
  try {
    const { partitions } = await cluster.metadata.topicReady(topic, cluster.deadline());
    const read: ReadRecord[] = [];
    for (const { index } of partitions) read.push(...(await readPartition(cluster, topic, index, isCommitted)));
    return read;
  } finally {
    await cluster.close();
  }
}

async function readPartition(
  cluster: Cluster,
  topic: string,
  partition: number,
  isCommitted: boolean,
): Promise<ReadRecord[]> {
  const read: ReadRecord[] = [];
  let offset = 0n;
  for (;;) {
    const { leaderId } = cluster.metadata.partition(topic, partition)!;
    const part = { partition, fetchOffset: offset, partitionMaxBytes: 1 << 24 };
    const answer = await cluster.request(
      leaderId,
      'fetch',
      {
        maxWaitMs: 0,
        minBytes: 0,
        maxBytes: 1 << 24,
        isolationLevel: isCommitted ? 1 : 0,
        topics: [{ topic, partitions: [part] }],
      },
      { versionMax: 11 },
    );
    const got = answer.responses[0]!.partitions[0]!;
    const end = isCommitted ? got.lastStableOffset : got.highWatermark;
    // Markers may come after the answer to EndTxn.
    if (isCommitted && got.lastStableOffset < got.highWatermark) {
      await sleep(20);
      continue;
    }
    const before = offset;
    for (const [batch, next] of batchesOf(got.records, got.abortedTransactions ?? [], isCommitted)) {
      for (const record of batch) read.push(plain(record, partition));
      offset = next;
    }
    if (offset >= end || offset === before) return read;
  }
}

type Aborted = readonly { readonly producerId: number; readonly firstOffset: bigint }[];

/** The records of each batch that counts, and the offset behind it. */
function* batchesOf(
  given: Buffer | null,
  aborted: Aborted,
  isCommitted: boolean,
): Generator<readonly [readonly BatchRecord[], bigint]> {
  const bytes = Buffer.from(given ?? []);
  const open = new Set<number>();
  const starts = [...aborted];
  for (let at = 0; at + batchHeader.batchHeaderBytes <= bytes.length; at += batchHeader.batchBytes(bytes, at)) {
    if (at + batchHeader.batchBytes(bytes, at) > bytes.length) return;
    const producerId = batchHeader.producerId(bytes, at);
    const next = BigInt(batchHeader.lastOffset(bytes, at)) + 1n;
    for (const one of starts.filter(({ firstOffset }) => firstOffset < next)) {
      open.add(one.producerId);
      starts.splice(starts.indexOf(one), 1);
    }
    const isSkipped = isCommitted && batchHeader.isTransactional(bytes, at) && open.has(producerId);
    if (batchHeader.isControl(bytes, at)) open.delete(producerId);
    const isRead = !batchHeader.isControl(bytes, at) && !isSkipped;
    yield [isRead ? decodeBatch(bytes, at, 1 << 26) : [], next];
  }
}

function plain(record: BatchRecord, partition: number): ReadRecord {
  return {
    partition,
    offset: record.offset,
    key: record.key?.toString() ?? null,
    value: record.value?.toString() ?? null,
    headers: record.headers.map(({ key, value }) => [key, value?.toString() ?? null] as const),
    timestamp: record.timestamp,
  };
}

/** A topic with so many partitions, on all brokers. */
export async function createTopic(
  bootstrap: string,
  name: string,
  numPartitions: number,
  configs: Readonly<Record<string, string>> = {},
  replicationFactor = 1,
): Promise<void> {
  const cluster = clusterOf(bootstrap);
  try {
    const answer = await cluster.request('controller', 'createTopics', {
      topics: [
        {
          name,
          numPartitions,
          replicationFactor,
          assignments: [],
          configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
        },
      ],
      timeoutMs: 10_000,
      validateOnly: false,
    });
    const { errorCode, errorMessage } = answer.topics[0]!;
    if (errorCode !== 0) throw new Error(`topic ${name}: ${errorCode} ${errorMessage}`);
    await cluster.metadata.topicReady(name, cluster.deadline());
  } finally {
    await cluster.close();
  }
}
