/** Why a walk ended early. */
export type WalkFault =
  | 'none'
  | 'record-length'
  | 'offset-delta'
  | 'key-length'
  | 'value-length'
  | 'headers'
  | 'timestamp'
  | 'parts'
  | 'bytes-left';

/** What a walk found; one object for all walks, to be read before the next. */
export interface Walk {
  fault: WalkFault;
  /** Of the record at fault. */
  index: number;
  timestampDeltaMin: number;
  timestampDeltaMax: number;
  /** The first record that has the largest timestamp. */
  indexOfMax: number;
  /** How many records have no key. */
  nullKeys: number;
}

const walk: Walk = {
  fault: 'none',
  index: -1,
  timestampDeltaMin: 0,
  timestampDeltaMax: 0,
  indexOfMax: -1,
  nullKeys: 0,
};

const badHeaders = -3;

/** Position behind what `longVarint` read. */
let next = 0;

/**
 * Goes over the uncompressed records in `bytes[at..end)` and checks that they are `count` whole records, with offsets 0 to `count - 1`
 * where `isDense` (Kafka looks at them in compressed batches only).
 *
 * This runs for every record that anybody produces, so it allocates nothing, and numbers of one and two bytes, which are
 * nearly all, are read on the spot (8 to 10 ns a record; half as fast through a function). They are compared in their zigzag form:
 * odd is negative, which means null. Reads beyond the buffer give `undefined`, which passes none of the checks.
 */
export function walkRecords(bytes: Buffer, at: number, end: number, count: number, isDense: boolean): Walk {
  let p = at;
  let min = Infinity;
  let max = -Infinity;
  let indexOfMax = -1;
  let nullKeys = 0;
  for (let index = 0; index < count; index++) {
    let x = bytes[p++]!;
    let y = 0;
    if (x >= 0x80) {
      y = bytes[p++]!;
      if (y < 0x80) x = (x & 0x7f) | (y << 7);
      else {
        x = longVarint(bytes, p - 2, 5);
        p = next;
      }
    }
    const stop = p + (x >>> 1);
    if (!((x & 1) === 0 && stop <= end)) return found('record-length', index);
    // The attributes of a record mean nothing yet.
    p++;
    x = bytes[p++]!;
    if (x >= 0x80) {
      y = bytes[p++]!;
      if (y < 0x80) x = (x & 0x7f) | (y << 7);
      else {
        x = longVarint(bytes, p - 2, 10);
        p = next;
      }
    }
    if (x < 0) return found('timestamp', index);
    const delta = x % 2 === 0 ? x / 2 : -(x + 1) / 2;
    if (delta > max) {
      max = delta;
      indexOfMax = index;
    }
    if (delta < min) min = delta;
    x = bytes[p++]!;
    if (x >= 0x80) {
      y = bytes[p++]!;
      if (y < 0x80) x = (x & 0x7f) | (y << 7);
      else {
        x = longVarint(bytes, p - 2, 5);
        p = next;
      }
    }
    if (!(p <= stop)) return found('parts', index);
    if ((bytes[p]! & 1) === 1) nullKeys++;
    p = walkFields(bytes, p, stop);
    if (p !== stop) return found(p < 0 ? fieldFaults[-p]! : 'parts', index);
    if (x !== index * 2 && isDense) return found('offset-delta', index);
  }
  if (p !== end) return found('bytes-left', count);
  walk.timestampDeltaMin = min;
  walk.timestampDeltaMax = max;
  walk.indexOfMax = indexOfMax;
  walk.nullKeys = nullKeys;
  return found('none', -1);
}

const fieldFaults: readonly WalkFault[] = ['none', 'key-length', 'value-length', 'headers'];

/** Gives the position behind key, value and headers, or the negative index of the fault. */
function walkFields(bytes: Buffer, at: number, stop: number): number {
  let p = at;
  let y = 0;
  let x = bytes[p++]!;
  if (x >= 0x80) {
    y = bytes[p++]!;
    if (y < 0x80) x = (x & 0x7f) | (y << 7);
    else {
      x = longVarint(bytes, p - 2, 5);
      if (x < 0) return -1;
      p = next;
    }
  }
  if ((x & 1) === 0) p += x >>> 1;
  x = bytes[p++]!;
  if (x >= 0x80) {
    y = bytes[p++]!;
    if (y < 0x80) x = (x & 0x7f) | (y << 7);
    else {
      x = longVarint(bytes, p - 2, 5);
      if (x < 0) return -2;
      p = next;
    }
  }
  if ((x & 1) === 0) p += x >>> 1;
  return bytes[p] === 0 ? p + 1 : walkHeaders(bytes, p, stop);
}

/** Gives the position behind the headers, or the index of their fault. */
function walkHeaders(bytes: Buffer, at: number, stop: number): number {
  const count = longVarint(bytes, at, 5);
  let p = next;
  // Each header takes two bytes at least: a claim beyond that is a lie, and not worth counting to.
  if (!(count >= 0 && count % 2 === 0 && count <= stop - p)) return badHeaders;
  for (let left = count / 2; left > 0; left--) {
    const key = longVarint(bytes, p, 5);
    if (!(key >= 0 && key % 2 === 0)) return badHeaders;
    p = next + key / 2;
    const value = longVarint(bytes, p, 5);
    if (!(value >= 0)) return badHeaders;
    p = next + (value % 2 === 0 ? value / 2 : 0);
    if (p > stop) return badHeaders;
  }
  return p;
}

/** The zigzag form of a number of any length as a double, with the position behind it in `next`; -1 when it has more than `bytesMax` bytes. */
function longVarint(bytes: Buffer, at: number, bytesMax: number): number {
  let value = 0;
  let weight = 1;
  for (let n = 0; n < bytesMax; n++) {
    const byte = bytes[at + n]!;
    value += (byte & 0x7f) * weight;
    weight *= 128;
    if (byte >= 0x80) continue;
    next = at + n + 1;
    return value;
  }
  return -1;
}

function found(fault: WalkFault, index: number): Walk {
  walk.fault = fault;
  walk.index = index;
  return walk;
}
