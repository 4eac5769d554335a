/** Fields as protobuf writes them, each with its number and wire type in front; what is put together in a message stands in the order given. */

const wireVarint = 0;
const wireFixed64 = 1;
const wireBytes = 2;

export function message(field: number, ...parts: readonly Uint8Array[]): Buffer {
  let length = 0;
  for (const part of parts) length += part.length;
  return Buffer.concat([varint(field * 8 + wireBytes), varint(length), ...parts]);
}

export const text = (field: number, value: string): Buffer => message(field, Buffer.from(value));

/** A whole number from 0 on, or true as 1. */
export const integer = (field: number, value: number): Buffer =>
  Buffer.concat([varint(field * 8 + wireVarint), varint(value)]);

export function double(field: number, value: number): Buffer {
  const { bytes, at } = fixed64(field);
  bytes.writeDoubleLE(value, at);
  return bytes;
}

/** A time in ms since 1970, as nanoseconds. */
export function nanoseconds(field: number, timeMs: number): Buffer {
  const { bytes, at } = fixed64(field);
  bytes.writeBigUInt64LE(BigInt(Math.max(0, Math.round(timeMs))) * 1_000_000n, at);
  return bytes;
}

function fixed64(field: number): { readonly bytes: Buffer; readonly at: number } {
  const tag = varint(field * 8 + wireFixed64);
  const bytes = Buffer.alloc(tag.length + 8);
  tag.copy(bytes);
  return { bytes, at: tag.length };
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
