/**
 * 128 bits for a key. Two keys with the same bits would be taken for one, and a record of one of them lost: nobody may be able to find
 * such keys, so the hash has a secret, drawn anew for each cleaning. Two HalfSipHash-2-4 (Aumasson and Bernstein) of 64 bits with a
 * secret each, made of the additions, rotations and exclusive ors of 32 bits that JavaScript does at full speed; MD5, which Kafka uses,
 * costs several times as much from here, and its collisions are known.
 */
const rounds = { block: 2, end: 4 } as const;

/** Four words that nobody who writes records knows. */
export type KeySecret = Int32Array;

/** Puts the four words of the hash of `bytes[at..at + length)` into `target`. */
export function hashKey(secret: KeySecret, bytes: Uint8Array, at: number, length: number, target: Int32Array): void {
  half(secret[0]!, secret[1]!, bytes, at, length, target, 0);
  half(secret[2]!, secret[3]!, bytes, at, length, target, 2);
}

function half(
  k0: number,
  k1: number,
  bytes: Uint8Array,
  from: number,
  length: number,
  target: Int32Array,
  to: number,
): void {
  let v0 = k0;
  let v1 = k1 ^ 0xee;
  let v2 = k0 ^ 0x6c796765;
  let v3 = k1 ^ 0x74656462;
  const words = (length >>> 2) + 1;
  // After the last word: 0xee says that the data ends, 0xdd that the first half of the result is out.
  for (let step = 0, at = from; step < words + 2; step++, at += 4) {
    let word = 0;
    if (step < words - 1) word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    else if (step === words - 1) word = lastWord(bytes, at, from + length, length);
    else if (step === words) v2 ^= 0xee;
    else v1 ^= 0xdd;
    const isEnd = step >= words;
    if (!isEnd) v3 ^= word;
    for (let round = isEnd ? rounds.end : rounds.block; round > 0; round--) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    if (!isEnd) v0 ^= word;
    else target[to + step - words] = v1 ^ v3;
  }
}

/** What is left over, with the length in the last byte. */
function lastWord(bytes: Uint8Array, at: number, end: number, length: number): number {
  let word = length << 24;
  for (let n = 0; at + n < end; n++) word |= bytes[at + n]! << (8 * n);
  return word;
}
