/**
 * 128 bits for a key. Two keys with the same bits would be taken for one, and records of one of them lost: with n keys that happens
 * once in 2^129 / n^2 logs. MurmurHash3 for 32-bit machines (public domain), because multiplications of 32 bits are what JavaScript does
 * at full speed; MD5, which Kafka uses, costs ten times as much from here.
 */
const c1 = 0x239b961b;
const c2 = 0xab0e9789;
const c3 = 0x38b34ae5;
const c4 = 0xa1e38b93;

/** Puts the four words of the hash of `bytes[at..at + length)` into `target`. */
export function hashKey(bytes: Uint8Array, at: number, length: number, target: Int32Array): void {
  const [lanes, tail] = [target, at + (length & ~15)];
  lanes.fill(0);
  for (let p = at; p < tail; p += 16)
    mixBlock(lanes, word(bytes, p), word(bytes, p + 4), word(bytes, p + 8), word(bytes, p + 12));
  const end = at + length;
  if (tail < end)
    mixTail(
      lanes,
      rest(bytes, tail, end),
      rest(bytes, tail + 4, end),
      rest(bytes, tail + 8, end),
      rest(bytes, tail + 12, end),
    );
  finish(lanes, length);
}

function mixBlock(lanes: Int32Array, k1: number, k2: number, k3: number, k4: number): void {
  let [h1, h2, h3, h4] = [lanes[0]!, lanes[1]!, lanes[2]!, lanes[3]!];
  h1 ^= Math.imul(rotated(Math.imul(k1, c1), 15), c2);
  h1 = (Math.imul(rotated(h1, 19) + h2, 5) + 0x561ccd1b) | 0;
  h2 ^= Math.imul(rotated(Math.imul(k2, c2), 16), c3);
  h2 = (Math.imul(rotated(h2, 17) + h3, 5) + 0x0bcaa747) | 0;
  h3 ^= Math.imul(rotated(Math.imul(k3, c3), 17), c4);
  h3 = (Math.imul(rotated(h3, 15) + h4, 5) + 0x96cd1c35) | 0;
  h4 ^= Math.imul(rotated(Math.imul(k4, c4), 18), c1);
  h4 = (Math.imul(rotated(h4, 13) + h1, 5) + 0x32ac3b17) | 0;
  lanes[0] = h1;
  lanes[1] = h2;
  lanes[2] = h3;
  lanes[3] = h4;
}

function mixTail(lanes: Int32Array, k1: number, k2: number, k3: number, k4: number): void {
  lanes[0]! ^= Math.imul(rotated(Math.imul(k1, c1), 15), c2);
  lanes[1]! ^= Math.imul(rotated(Math.imul(k2, c2), 16), c3);
  lanes[2]! ^= Math.imul(rotated(Math.imul(k3, c3), 17), c4);
  lanes[3]! ^= Math.imul(rotated(Math.imul(k4, c4), 18), c1);
}

function finish(lanes: Int32Array, length: number): void {
  let [h1, h2, h3, h4] = [lanes[0]! ^ length, lanes[1]! ^ length, lanes[2]! ^ length, lanes[3]! ^ length];
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = avalanched((h2 + h1) | 0);
  h3 = avalanched((h3 + h1) | 0);
  h4 = avalanched((h4 + h1) | 0);
  h1 = avalanched(h1);
  h1 = (h1 + h2 + h3 + h4) | 0;
  lanes[0] = h1;
  lanes[1] = (h2 + h1) | 0;
  lanes[2] = (h3 + h1) | 0;
  lanes[3] = (h4 + h1) | 0;
}

function avalanched(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

function rotated(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** The same of what is left, zeros behind it. */
function rest(bytes: Uint8Array, at: number, end: number): number {
  let value = 0;
  for (let n = 0; n < 4 && at + n < end; n++) value |= bytes[at + n]! << (8 * n);
  return value;
}
