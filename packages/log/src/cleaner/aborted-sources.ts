/**
 * Where the aborted transactions of a log are told, for another thread to read: in the files of its segments, however many there are,
 * and, as far as no file has them yet, in numbers.
 */
import type { Disk } from '@millrace/base';

import { filePath } from '../file-names.ts';
import type { Segment } from '../segment.ts';
import { type AbortedTransaction, TransactionIndex } from '../transaction-index.ts';
import { turn } from './turn.ts';

export interface AbortedSources {
  /** Base offsets of the segments whose files tell all of it. */
  readonly files: Float64Array<ArrayBuffer>;
  /** Of the others, four numbers for each transaction. */
  readonly unsaved: Float64Array<ArrayBuffer>;
}

const numbersEach = 4;
/** Takes a few tenths of a millisecond. */
const transactionsPerTurn = 2048;

/**
 * For the transactions that begin before `offset`, wherever they end. They have ended by now; one that is noted while others have a turn
 * begins behind it.
 */
export async function abortedSources(
  segments: readonly Segment[],
  offset: number,
  signal: AbortSignal,
): Promise<AbortedSources> {
  const files = segments.filter(({ aborted }) => aborted.isSaved);
  const unsaved: number[] = [];
  let seen = 0;
  for (const all of segments.filter(({ aborted }) => !aborted.isSaved).map(({ aborted }) => aborted.all)) {
    for (const { producerId, firstOffset, lastOffset, lastStableOffset } of all) {
      if (signal.aborted) break;
      if (firstOffset < offset) unsaved.push(producerId, firstOffset, lastOffset, lastStableOffset);
      if (++seen % transactionsPerTurn === 0) await turn();
    }
  }
  return { files: Float64Array.from(files, ({ baseOffset }) => baseOffset), unsaved: Float64Array.from(unsaved) };
}

/** Reads them: all that begin before `offset`. */
export function readAborted(
  disk: Disk,
  folder: string,
  { files, unsaved }: AbortedSources,
  offset: number,
): AbortedTransaction[] {
  const aborted: AbortedTransaction[] = [];
  for (const baseOffset of files) {
    const { all } = new TransactionIndex(disk, filePath(folder, baseOffset, '.txnindex'), false);
    for (const transaction of all) if (transaction.firstOffset < offset) aborted.push(transaction);
  }
  for (let at = 0; at < unsaved.length; at += numbersEach) {
    const [producerId, firstOffset, lastOffset, lastStableOffset] = unsaved.subarray(at, at + numbersEach);
    aborted.push({
      producerId: producerId!,
      firstOffset: firstOffset!,
      lastOffset: lastOffset!,
      lastStableOffset: lastStableOffset!,
    });
  }
  return aborted;
}
