import { createRequire } from 'node:module';
import { batchChecksumFrom } from './records/batch-header.ts';

/** Below this size the tables are done before a call into native code has arrived (measured). */
const nativeFromBytes = 192;

/** CRC-32C of `bytes`; with `initial`, of all that made `initial` and `bytes` behind it. */
export function crc32c(bytes: Uint8Array, initial = 0): number {
  return bytes.length < nativeFromBytes ? plainCrc32c(bytes, initial) : fastest(bytes, initial);
}

/** The checksum that belongs into the header of the batch of `length` bytes at `at`: it covers all from the attributes on. */
export function checksumOf(bytes: Uint8Array, at: number, length: number): number {
  return crc32c(bytes.subarray(at + batchChecksumFrom, at + length));
}

type Crc32c = (bytes: Uint8Array, initial: number) => number;

/** Replaced on the first call by the native function, or by ours where there is none for the platform. */
let fastest: Crc32c = (bytes, initial) => {
  fastest = nativeCrc32c() ?? plainCrc32c;
  return fastest(bytes, initial);
};

/** The processor's own instruction, through a package of prebuilt binaries: four times as fast as the tables from 1 KB on. */
export function nativeCrc32c(): Crc32c | undefined {
  try {
    const native: { crc32c: Crc32c } = createRequire(import.meta.url)('@node-rs/crc32');
    return native.crc32c(Buffer.from('123456789'), 0) === 0xe3069283 ? native.crc32c : undefined;
  } catch {
    return undefined;
  }
}

const polynomial = 0x82f63b78;
const laneCount = 16;

/**
 * Sixteen tables of 256: `tables[lane * 256 + byte]` is what `byte` does to the checksum when `lane` bytes follow it. In loops that end
 * soon: one long one makes a broker that only starts load the optimizing compiler, 5 MiB of it.
 */
function makeTables(): Int32Array {
  const tables = new Int32Array(laneCount * 256);
  for (let byte = 0; byte < 256; byte++) tables[byte] = afterByte(byte);
  for (let lane = 1; lane < laneCount; lane++) addLane(tables, lane * 256);
  return tables;
}

function afterByte(byte: number): number {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 0 ? value >>> 1 : (value >>> 1) ^ polynomial;
  return value;
}

function addLane(tables: Int32Array, from: number): void {
  for (let at = from; at < from + 256; at++) {
    const shorter = tables[at - 256]!;
    tables[at] = (shorter >>> 8) ^ tables[shorter & 0xff]!;
  }
}

let tables: Int32Array | undefined;

/** Slicing by 16: sixteen bytes a step, each through its own table. */
export function plainCrc32c(bytes: Uint8Array, initial = 0): number {
  const t = (tables ??= makeTables());
  let crc = ~initial;
  let at = 0;
  for (const end = bytes.length - laneCount; at <= end; at += laneCount) {
    crc =
      lane(t, 15, crc ^ byte(bytes, at)) ^
      lane(t, 14, (crc >>> 8) ^ byte(bytes, at + 1)) ^
      lane(t, 13, (crc >>> 16) ^ byte(bytes, at + 2)) ^
      lane(t, 12, (crc >>> 24) ^ byte(bytes, at + 3)) ^
      lane(t, 11, byte(bytes, at + 4)) ^
      lane(t, 10, byte(bytes, at + 5)) ^
      lane(t, 9, byte(bytes, at + 6)) ^
      lane(t, 8, byte(bytes, at + 7)) ^
      lane(t, 7, byte(bytes, at + 8)) ^
      lane(t, 6, byte(bytes, at + 9)) ^
      lane(t, 5, byte(bytes, at + 10)) ^
      lane(t, 4, byte(bytes, at + 11)) ^
      lane(t, 3, byte(bytes, at + 12)) ^
      lane(t, 2, byte(bytes, at + 13)) ^
      lane(t, 1, byte(bytes, at + 14)) ^
      lane(t, 0, byte(bytes, at + 15));
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ lane(t, 0, crc ^ byte(bytes, at));
  return ~crc >>> 0;
}

const byte = (bytes: Uint8Array, at: number): number => bytes[at]!;
const lane = (t: Int32Array, index: number, value: number): number => t[index * 256 + (value & 0xff)]!;
