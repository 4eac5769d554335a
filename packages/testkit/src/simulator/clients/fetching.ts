/** Fetch as readers use it. In: positions. Out: records that this kind of reader is to see, and where it goes on. */
import {
  batchHeader as header,
  checksumOf,
  decodeBatch,
  decodeControlRecord,
  errorName,
  errors,
  splitBatches,
  type FetchResponse,
} from '@millrace/protocol';

import type { Isolation, Place, SeenRecord } from '../history.ts';
import type { Client } from './client.ts';
import { readValue } from './value.ts';

export interface Position extends Place {
  offset: number;
}

export interface Fetched extends Place {
  readonly errorCode: number;
  readonly from: number;
  /** Where to go on. */
  readonly to: number;
  readonly highWatermark: number;
  readonly logStartOffset: number;
  readonly records: readonly SeenRecord[];
}

export interface FetchTerms {
  readonly isolation: Isolation;
  readonly waitMsMax: number;
  readonly bytesMax: number;
}

const recordBytesMax = 1 << 24;

type PartitionAnswer = FetchResponse['responses'][number]['partitions'][number];

/** Undefined when the connection ended before the answer. Watermarks and records go into the history here. */
export async function fetchAll(
  client: Client,
  positions: readonly Position[],
  terms: FetchTerms,
): Promise<Fetched[] | undefined> {
  const askedAtMs = client.nowMs;
  const topics = new Map<string, Position[]>();
  for (const position of positions) topics.set(position.topic, [...(topics.get(position.topic) ?? []), position]);
  const answer = await client.ask('fetch', client.chance.integer(7, 12), {
    maxWaitMs: terms.waitMsMax,
    minBytes: 1,
    maxBytes: 1 << 20,
    isolationLevel: terms.isolation === 'committed' ? 1 : 0,
    topics: [...topics].map(([topic, wanted]) => ({
      topic,
      partitions: wanted.map(({ partition, offset }) => ({
        partition,
        fetchOffset: offset,
        partitionMaxBytes: terms.bytesMax,
      })),
    })),
  });
  if (answer === undefined) return undefined;
  const fetched: Fetched[] = [];
  for (const { topic, partitions } of answer.responses) {
    for (const entry of partitions) {
      const partition = entry.partitionIndex;
      const from = positions.find((one) => one.topic === topic && one.partition === partition)?.offset ?? 0;
      fetched.push(understood(client, { topic, partition }, from, entry, { ...terms, askedAtMs }));
    }
  }
  return fetched;
}

function understood(
  client: Client,
  place: Place,
  from: number,
  entry: PartitionAnswer,
  terms: FetchTerms & { readonly askedAtMs: number },
): Fetched {
  const { errorCode, highWatermark, lastStableOffset, logStartOffset } = entry;
  if (errorCode !== errors.NONE) {
    client.history.trace(`${client.name} fetch ${place.topic}-${place.partition} ${errorName(errorCode)}`);
    return { ...place, errorCode, from, to: from, highWatermark, logStartOffset, records: [] };
  }
  const { askedAtMs, isolation } = terms;
  const seen = { ...place, by: client.name, askedAtMs, highWatermark, lastStableOffset, logStartOffset };
  client.history.add({ kind: 'watermarks', ...seen });
  const limit = isolation === 'committed' ? lastStableOffset : highWatermark;
  const { to, records } = recordsOf(client, place, from, limit, entry, isolation);
  if (to > from) client.history.add({ kind: 'read', ...place, by: client.name, isolation, from, to, records });
  return { ...place, errorCode, from, to, highWatermark, logStartOffset, records };
}

/** What a reader of committed records leaves out is told by the list of aborted transactions and by the markers that end them. */
function recordsOf(
  client: Client,
  { topic, partition }: Place,
  from: number,
  limit: number,
  { records, abortedTransactions }: PartitionAnswer,
  isolation: Isolation,
): { to: number; records: SeenRecord[] } {
  const bytes = records ?? Buffer.alloc(0);
  const begins = [...(abortedTransactions ?? [])].sort((a, b) => a.firstOffset - b.firstOffset);
  const aborted = new Set<number>();
  const found: SeenRecord[] = [];
  const name = `${topic}-${partition}`;
  let to = from;
  for (const { at } of splitBatches(bytes).spans) {
    const lastOffset = header.lastOffset(bytes, at);
    if (checksumOf(bytes, at, header.batchBytes(bytes, at)) !== header.checksum(bytes, at))
      client.surprise(`${name}: the batch at offset ${header.baseOffset(bytes, at)} is damaged`);
    if (lastOffset >= limit)
      client.surprise(`${name}: offset ${lastOffset} was told, and readers may see what is below ${limit}`);
    if (lastOffset < to && to > from) client.surprise(`${name}: offset ${lastOffset} was told behind ${to - 1}`);
    const producerId = header.producerId(bytes, at);
    while ((begins[0]?.firstOffset ?? Number.POSITIVE_INFINITY) <= lastOffset) aborted.add(begins.shift()!.producerId);
    const isLeftOut = isolation === 'committed' && header.isTransactional(bytes, at) && aborted.has(producerId);
    for (const record of decodeBatch(bytes, at, recordBytesMax)) {
      if (header.isControl(bytes, at)) {
        if (decodeControlRecord(record.key, record.value)?.kind === 'abort') aborted.delete(producerId);
      } else if (record.offset >= from && !isLeftOut) found.push([record.offset, readValue(record.value)]);
    }
    to = Math.max(to, lastOffset + 1);
  }
  return { to, records: found };
}
