/**
 * The producers whose last batch a cleaning must keep, in columns: there may be hundreds of thousands, and columns go to another thread
 * in no time. In: the table of the log. Out: what `clean-log.ts` looks up, there.
 */
import type { ProducerTable } from '../producer-table.ts';
import { turn } from './turn.ts';

export interface LiveProducers {
  readonly producerIds: Float64Array<ArrayBuffer>;
  readonly epochs: Int32Array<ArrayBuffer>;
  /** Of the last batch with records; -1 when only markers are known. */
  readonly lastOffsets: Float64Array<ArrayBuffer>;
}

/** Takes a few tenths of a millisecond. */
const producersPerTurn = 2048;

/** Those with something below `offset`. In slices: a producer that writes meanwhile writes behind it, and is no more of interest. */
export async function liveProducers(table: ProducerTable, offset: number, signal: AbortSignal): Promise<LiveProducers> {
  const { size } = table;
  const producerIds = new Float64Array(size);
  const epochs = new Int32Array(size);
  const lastOffsets = new Float64Array(size);
  let [seen, count] = [0, 0];
  for (const { producerId, epoch, batches } of table.entries()) {
    // Whoever came after the first slice has nothing below `offset`.
    if (seen++ === size || signal.aborted) break;
    const lastOffset = batches.length === 0 ? -1 : batches[batches.length - 1]!.lastOffset;
    if (lastOffset < offset) {
      producerIds[count] = producerId;
      epochs[count] = epoch;
      lastOffsets[count++] = lastOffset;
    }
    if (seen % producersPerTurn === 0) await turn();
  }
  return {
    producerIds: producerIds.subarray(0, count),
    epochs: epochs.subarray(0, count),
    lastOffsets: lastOffsets.subarray(0, count),
  };
}

/** Where in the columns each producer is. */
export function producerIndex({ producerIds }: LiveProducers): Map<number, number> {
  const index = new Map<number, number>();
  for (const [at, producerId] of producerIds.entries()) index.set(producerId, at);
  return index;
}
