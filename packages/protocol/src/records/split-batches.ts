import * as header from './batch-header.ts';

export interface BatchSpan {
  readonly at: number;
  /** Of the whole batch, header included. */
  readonly length: number;
}

export interface SplitBatches {
  readonly spans: readonly BatchSpan[];
  /** Where the last whole batch ends; what follows, if anything, is told by `tail`. */
  readonly end: number;
  /** none: every byte belongs to a batch. truncated: a batch begins and does not end. corrupt: no batch can begin with these bytes. */
  readonly tail: 'none' | 'truncated' | 'corrupt';
}

/** Finds the whole batches one behind the other, looking at their lengths and formats only. */
export function splitBatches(bytes: Buffer): SplitBatches {
  const spans: BatchSpan[] = [];
  let at = 0;
  for (;;) {
    const length = batchBytesAt(bytes, at);
    if (length === 'truncated') return { spans, end: at, tail: at === bytes.length ? 'none' : 'truncated' };
    if (length === 'corrupt') return { spans, end: at, tail: 'corrupt' };
    spans.push({ at, length });
    at += length;
  }
}

/** The length of the batch that begins at `at`, checked against what is there. */
export function batchBytesAt(bytes: Buffer, at: number): number | 'truncated' | 'corrupt' {
  const left = bytes.length - at;
  if (left < header.batchPrefixBytes) return 'truncated';
  const length = header.batchBytes(bytes, at);
  if (length < header.batchHeaderBytes) return 'corrupt';
  if (left > magicAt && bytes.readInt8(at + magicAt) !== 2) return 'corrupt';
  return length > left ? 'truncated' : length;
}

const magicAt = 16;
