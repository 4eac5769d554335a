/** XXH3 with 64 bits and seed 0: the hash by which Apache Kafka 4 tells whether the topics of a group changed. */

const mask = 0xffff_ffff_ffff_ffffn;
const low32 = 0xffff_ffffn;
const prime32 = [0n, 0x9e37_79b1n, 0x85eb_ca77n, 0xc2b2_ae3dn] as const;
const prime64 = [
  0n,
  0x9e37_79b1_85eb_ca87n,
  0xc2b2_ae3d_27d4_eb4fn,
  0x1656_67b1_9e37_79f9n,
  0x85eb_ca77_c2b2_ae63n,
  0x27d4_eb2f_1656_67c5n,
] as const;
const mix1 = 0x1656_6791_9e37_79f9n;
const mix2 = 0x9fb2_1c65_1e98_df25n;
const stripeBytes = 64;
const stripesPerBlock = 16;
const secret = Buffer.from(
  'b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221' +
    'b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8' +
    'a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb' +
    '170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e',
  'hex',
);

/** A number of 64 bits with a sign, as Java has it. */
export function xxh3(bytes: Buffer): bigint {
  const { length } = bytes;
  let hash: bigint;
  if (length <= 16) hash = upTo16(bytes, length);
  else if (length <= 240) hash = upTo240(bytes, length);
  else hash = long(bytes, length);
  return BigInt.asIntN(64, hash);
}

function upTo16(bytes: Buffer, length: number): bigint {
  if (length > 8) {
    const low = bytes.readBigUInt64LE(0) ^ secret64(24) ^ secret64(32);
    const high = bytes.readBigUInt64LE(length - 8) ^ secret64(40) ^ secret64(48);
    return avalanche((BigInt(length) + swapped(low) + high + folded(low, high)) & mask);
  }
  if (length >= 4) {
    const first = BigInt(bytes.readUInt32LE(0));
    const last = BigInt(bytes.readUInt32LE(length - 4));
    return rrmxmx((last + (first << 32n)) ^ secret64(8) ^ secret64(16), BigInt(length));
  }
  if (length === 0) return avalanche64(secret64(56) ^ secret64(64));
  const [first, middle, last] = [bytes[0] ?? 0, bytes[length >> 1] ?? 0, bytes[length - 1] ?? 0];
  const combined = ((first << 16) | (middle << 24) | last | (length << 8)) >>> 0;
  return avalanche64(BigInt(combined) ^ BigInt((secret.readUInt32LE(0) ^ secret.readUInt32LE(4)) >>> 0));
}

function upTo240(bytes: Buffer, length: number): bigint {
  let sum = BigInt(length) * prime64[1];
  if (length <= 128) {
    // From the middle outwards in the reference; a sum does not care for the order.
    for (let round = 0; round < Math.ceil(length / 32); round++) {
      sum += mixed(bytes, 16 * round, 32 * round) + mixed(bytes, length - 16 * (round + 1), 32 * round + 16);
    }
    return avalanche(sum & mask);
  }
  for (let round = 0; round < 8; round++) sum += mixed(bytes, 16 * round, 16 * round);
  sum = avalanche(sum & mask);
  for (let round = 8; round < Math.floor(length / 16); round++) sum += mixed(bytes, 16 * round, 16 * (round - 8) + 3);
  sum += mixed(bytes, length - 16, 136 - 17);
  return avalanche(sum & mask);
}

function long(bytes: Buffer, length: number): bigint {
  const lanes = [prime32[3], prime64[1], prime64[2], prime64[3], prime64[4], prime32[2], prime64[5], prime32[1]];
  const blockBytes = stripeBytes * stripesPerBlock;
  const blocks = Math.floor((length - 1) / blockBytes);
  for (let block = 0; block < blocks; block++) {
    for (let stripe = 0; stripe < stripesPerBlock; stripe++)
      accumulate(lanes, bytes, block * blockBytes + stripe * stripeBytes, 8 * stripe);
    scramble(lanes);
  }
  const rest = Math.floor((length - 1 - blocks * blockBytes) / stripeBytes);
  for (let stripe = 0; stripe < rest; stripe++)
    accumulate(lanes, bytes, blocks * blockBytes + stripe * stripeBytes, 8 * stripe);
  accumulate(lanes, bytes, length - stripeBytes, secret.length - stripeBytes - 7);
  let sum = BigInt(length) * prime64[1];
  for (let pair = 0; pair < 4; pair++) {
    const [left = 0n, right = 0n] = lanes.slice(2 * pair);
    sum += folded(left ^ secret64(11 + 16 * pair), right ^ secret64(11 + 16 * pair + 8));
  }
  return avalanche(sum & mask);
}

function accumulate(lanes: bigint[], bytes: Buffer, at: number, secretAt: number): void {
  for (let lane = 0; lane < 8; lane++) {
    const value = bytes.readBigUInt64LE(at + 8 * lane);
    const key = value ^ secret64(secretAt + 8 * lane);
    lanes[lane ^ 1] = ((lanes[lane ^ 1] ?? 0n) + value) & mask;
    lanes[lane] = ((lanes[lane] ?? 0n) + (key & low32) * (key >> 32n)) & mask;
  }
}

function scramble(lanes: bigint[]): void {
  for (const [lane, value] of lanes.entries()) {
    const key = secret64(secret.length - stripeBytes + 8 * lane);
    lanes[lane] = ((value ^ (value >> 47n) ^ key) * prime32[1]) & mask;
  }
}

function mixed(bytes: Buffer, at: number, secretAt: number): bigint {
  return folded(bytes.readBigUInt64LE(at) ^ secret64(secretAt), bytes.readBigUInt64LE(at + 8) ^ secret64(secretAt + 8));
}

function folded(left: bigint, right: bigint): bigint {
  const product = left * right;
  return (product & mask) ^ (product >> 64n);
}

function avalanche(value: bigint): bigint {
  const once = ((value ^ (value >> 37n)) * mix1) & mask;
  return once ^ (once >> 32n);
}

function avalanche64(value: bigint): bigint {
  const once = ((value ^ (value >> 33n)) * prime64[2]) & mask;
  const twice = ((once ^ (once >> 29n)) * prime64[3]) & mask;
  return twice ^ (twice >> 32n);
}

function rrmxmx(value: bigint, length: bigint): bigint {
  const word = value & mask;
  const once = ((word ^ rotated(word, 49n) ^ rotated(word, 24n)) * mix2) & mask;
  const twice = ((once ^ ((once >> 35n) + length)) * mix2) & mask;
  return twice ^ (twice >> 28n);
}

function rotated(value: bigint, by: bigint): bigint {
  return ((value << by) | (value >> (64n - by))) & mask;
}

function swapped(value: bigint): bigint {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes.readBigUInt64BE(0);
}

function secret64(at: number): bigint {
  return secret.readBigUInt64LE(at);
}
