/**
 * Numbers of one to ten bytes, seven bits a byte, low bits first, the sign in the lowest bit (zigzag), as they stand in records.
 * Reading gives the value and leaves the position behind it in the cursor.
 */
export interface Cursor {
  readonly bytes: Buffer;
  at: number;
}

/** A 32-bit value; NaN when it has more than five bytes or the bytes end inside it. */
export function readVarint(cursor: Cursor): number {
  const { bytes } = cursor;
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[cursor.at++];
    if (byte === undefined) return Number.NaN;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
  }
  return Number.NaN;
}

/** A 64-bit value; exact up to 2^53, the nearest double beyond. NaN as for `readVarint`, after ten bytes. */
export function readVarlong(cursor: Cursor): number {
  const { bytes } = cursor;
  let low = 0;
  let high = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    const byte = bytes[cursor.at++];
    if (byte === undefined) return Number.NaN;
    // Two halves of 28 and 36 bits, each exact; only their sum may round.
    if (shift < 28) low |= (byte & 0x7f) << shift;
    else high += (byte & 0x7f) * 2 ** (shift - 28);
    if (byte < 0x80) return unzigzag(low, high % 2 ** 36);
  }
  return Number.NaN;
}

function unzigzag(low: number, high: number): number {
  const magnitude = high * 2 ** 27 + (low >>> 1);
  return (low & 1) === 0 ? magnitude : -magnitude - 1;
}

export function varintBytes(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  if (zigzag < 0x80) return 1;
  if (zigzag < 0x4000) return 2;
  if (zigzag < 0x20_0000) return 3;
  return zigzag < 0x1000_0000 ? 4 : 5;
}

export function writeVarint(bytes: Buffer, at: number, value: number): number {
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  for (; zigzag >= 0x80; zigzag >>>= 7) bytes[at++] = (zigzag & 0x7f) | 0x80;
  bytes[at++] = zigzag;
  return at;
}

const fitsVarint = (value: number): boolean => value >= -0x8000_0000 && value < 0x8000_0000;

export function varlongBytes(value: number): number {
  if (fitsVarint(value)) return varintBytes(value);
  let zigzag = zigzag64(value);
  let count = 1;
  for (; zigzag >= 0x80n; zigzag >>= 7n) count++;
  return count;
}

export function writeVarlong(bytes: Buffer, at: number, value: number): number {
  if (fitsVarint(value)) return writeVarint(bytes, at, value);
  let zigzag = zigzag64(value);
  for (; zigzag >= 0x80n; zigzag >>= 7n) bytes[at++] = Number(zigzag & 0x7fn) | 0x80;
  bytes[at++] = Number(zigzag);
  return at;
}

function zigzag64(value: number): bigint {
  const wide = BigInt(value);
  return BigInt.asUintN(64, (wide << 1n) ^ (wide >> 63n));
}
