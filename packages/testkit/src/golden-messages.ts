import { readdirSync, readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';

const folder = new URL('../../protocol/src/testdata/messages/', import.meta.url);

/** The answers with messages of old formats that tools/golden-batches/OldMessages.java writes. */
export const goldenMessageNames: readonly string[] = readdirSync(folder)
  .filter((file) => file.endsWith('.log'))
  .map((file) => file.slice(0, -4));

/** What a broker answers. */
export const goldenMessages = (name: string): Buffer => readFileSync(new URL(`${name}.log`, folder));

/** What Java reads in it: a line for each record. */
export const goldenMessageLines = (name: string): string[] =>
  readFileSync(new URL(`${name}.tsv`, folder), 'utf8')
    .split('\n')
    .slice(0, -1);

/** A record as the line that Java's would have. */
export function messageLine(record: {
  readonly offset: bigint;
  readonly timestamp: number;
  readonly timestampType: string;
  readonly leaderEpoch: number | undefined;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}): string {
  const { offset, timestamp, timestampType, leaderEpoch = -1, key, value } = record;
  return [offset, timestamp, timestampType, leaderEpoch, partOf(key), partOf(value)].join('\t');
}

const partOf = (bytes: Buffer | null): string =>
  bytes === null ? 'null' : `${bytes.length}:${crc32(bytes).toString(16)}`;
