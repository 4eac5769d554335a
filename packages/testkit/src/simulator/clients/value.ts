/** Values that say who wrote them and as the how manieth. */
import { encodeBatch, type BatchInput } from '@millrace/protocol';

import type { Chance } from '../chance.ts';

const compressions = ['none', 'none', 'none', 'gzip', 'lz4'] as const;
/** What follows in a record is there to make it longer. */
const end = '|';

export function valueOf(producer: string, partition: number, count: number): string {
  return `${producer}/${partition}/${count}`;
}

export function readValue(bytes: Buffer | null): string {
  const text = bytes?.toString('latin1') ?? '';
  const cut = text.indexOf(end);
  return cut < 0 ? text : text.slice(0, cut);
}

export function producerOf(value: string): string {
  return value.slice(0, value.indexOf('/'));
}

export function countOf(value: string): number {
  return Number(value.slice(value.lastIndexOf('/') + 1));
}

/** One batch of values, each made longer by some. */
export function batchOfValues(
  chance: Chance,
  values: readonly string[],
  atMs: number,
  batch: Omit<BatchInput, 'compression'> = {},
): Buffer {
  const records = values.map((value) => ({
    key: Buffer.from(value, 'latin1'),
    value: Buffer.from(value + end + '.'.repeat(chance.oneIn(20) ? chance.integer(0, 12_000) : chance.integer(0, 200))),
    timestamp: atMs,
  }));
  return encodeBatch(records, { ...batch, compression: chance.pick(compressions) });
}
