/**
 * Records as lines of text, so that programs in several languages can be told them and tell them. Bytes are hexadecimal, `-` is null.
 * To write: codec, partition or `-`, timestamp, key, value, headers `name:value,…`. As read: partition, offset and then the same.
 */
export interface WrittenRecord {
  readonly codec: string;
  /** Left out: the partitioner's choice. */
  readonly partition?: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly { readonly key: string; readonly value: Buffer | null }[];
}

export function writtenLine({ codec, partition, timestamp, key, value, headers }: WrittenRecord): string {
  return [codec, partition ?? '-', timestamp, hexOf(key), hexOf(value), headersLine(headers)].join('\t');
}

/** What a reader must say of a record that stands at this offset. */
export function readLine(
  partition: number,
  offset: bigint,
  record: Omit<WrittenRecord, 'codec' | 'partition'>,
): string {
  const { timestamp, key, value, headers } = record;
  return [partition, offset, timestamp, hexOf(key), hexOf(value), headersLine(headers)].join('\t');
}

export function parseWritten(text: string): WrittenRecord[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [codec = '', partition = '-', timestamp = '', key = '-', value = '-', headers = ''] = line.split('\t');
      return {
        codec,
        ...(partition !== '-' && { partition: Number(partition) }),
        timestamp: Number(timestamp),
        key: bytesOf(key),
        value: bytesOf(value),
        headers: headers
          .split(',')
          .filter(Boolean)
          .map((word) => {
            const [name = '', content = '-'] = word.split(':');
            return { key: Buffer.from(name, 'hex').toString(), value: bytesOf(content) };
          }),
      };
    });
}

export function hexOf(bytes: Uint8Array | string | null): string {
  return bytes === null ? '-' : Buffer.from(bytes as Uint8Array).toString('hex');
}

function bytesOf(hex: string): Buffer | null {
  return hex === '-' ? null : Buffer.from(hex, 'hex');
}

function headersLine(headers: WrittenRecord['headers']): string {
  return headers.map(({ key, value }) => `${hexOf(key)}:${hexOf(value)}`).join(',');
}
