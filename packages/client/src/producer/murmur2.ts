/** The hash by which Java's producer spreads keys. All clients that use it put a key into the same partition. */
const mix = 0x5bd1_e995;

/** Of the first `length` bytes; signed, as in Java. */
export function murmur2(bytes: Uint8Array, length: number = bytes.length): number {
  let hash = 0x9747_b28c ^ length;
  let at = 0;
  for (const end = length - 3; at < end; at += 4) {
    let word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    word = Math.imul(word, mix);
    word = Math.imul(word ^ (word >>> 24), mix);
    hash = Math.imul(hash, mix) ^ word;
  }
  const rest = length - at;
  if (rest === 3) hash ^= bytes[at + 2]! << 16;
  if (rest >= 2) hash ^= bytes[at + 1]! << 8;
  if (rest >= 1) hash = Math.imul(hash ^ bytes[at]!, mix);
  hash = Math.imul(hash ^ (hash >>> 13), mix);
  return hash ^ (hash >>> 15);
}

/** The partition of a key as Java chooses it. */
export function partitionOfKey(key: Uint8Array, partitions: number, length: number = key.length): number {
  return (murmur2(key, length) & 0x7fff_ffff) % partitions;
}
