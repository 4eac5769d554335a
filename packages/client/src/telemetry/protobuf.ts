/** Fields as protobuf writes them, each with its number and wire type in front; what is put together in a message stands in the order given. */

const wireVarint = 0;
const wireFixed64 = 1;
const wireBytes = 2;

/** The parts of a message, with its number and length in front. */
export function framed(field: number, parts: readonly Uint8Array[]): Uint8Array[] {
  let length = 0;
  for (const part of parts) length += part.length;
  return [head(field, length), ...parts];
}

export const message = (field: number, ...parts: readonly Uint8Array[]): Buffer => Buffer.concat(framed(field, parts));

export const text = (field: number, value: string): Buffer => message(field, Buffer.from(value));

/** A whole number from 0 on, or true as 1. */
export const integer = (field: number, value: number): Buffer =>
  Buffer.from([field * 8 + wireVarint, ...varint(value)]);

export function double(field: number, value: number): Buffer {
  const bytes = fixed64(field);
  bytes.writeDoubleLE(value, 1);
  return bytes;
}

/** A time in ms since 1970, as nanoseconds. */
export function nanoseconds(field: number, timeMs: number): Buffer {
  const bytes = fixed64(field);
  bytes.writeBigUInt64LE(BigInt(Math.max(0, Math.round(timeMs))) * 1_000_000n, 1);
  return bytes;
}

/** All fields here have numbers below 16, whose tags are one byte. */
function fixed64(field: number): Buffer {
  const bytes = Buffer.allocUnsafe(9);
  bytes[0] = field * 8 + wireFixed64;
  return bytes;
}

function head(field: number, length: number): Uint8Array {
  const tag = field * 8 + wireBytes;
  if (length < 0x80) return Uint8Array.of(tag, length);
  if (length < 0x4000) return Uint8Array.of(tag, (length & 0x7f) | 0x80, length >>> 7);
  return Uint8Array.of(tag, ...varint(length));
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
