/** Spoils a frame where it hurts: lengths, counts, tags, versions, texts. What it did is told in a few words. */
import type { Random } from '@millrace/base';

import { pick, unsignedVarint, type Spot, type SpotKind, type SpottedFrame } from './random-request.ts';

export interface SpoiledFrame {
  readonly bytes: Buffer;
  /** For the report of a failure. */
  readonly how: string;
}

type Spoil = (random: Random, frame: SpottedFrame, bytes: Buffer) => SpoiledFrame;

/** The length in front is made right again, unless it is what was spoiled: the stream goes on behind the frame. */
export function mutateFrame(random: Random, frame: SpottedFrame): SpoiledFrame {
  return pick(random, spoils)(random, frame, Buffer.from(frame.bytes));
}

const spoils: readonly Spoil[] = [
  (_random, _frame, bytes) => ({ bytes, how: 'as it is' }),
  spot('length16', (random) => int16(pick(random, lengths16))),
  spot('length32', (random) => int32(pick(random, lengths32))),
  spot('length32', (random) => int32(random.below(300))),
  spot('varint', (random) => pick(random, varints)),
  spot('varint', (random) => unsignedVarint(random.below(300))),
  spot('tag-count', (random) => pick(random, varints)),
  spot('tag-count', (random) => tagFlood(random)),
  spot('text', (random) => pick(random, notUtf8)),
  spot('fixed', (random, { bytes }) => Buffer.alloc(bytes, pick(random, [0x00, 0x7f, 0x80, 0xff]))),
  spot('bytes', (random, { bytes }) => Buffer.from(random.bytes(bytes))),
  spot('version', (random) => int16(pick(random, [-1, 0, 1, 99, 32767, -32768]))),
  spot('key', (random) => int16(pick(random, [-1, 7, 93, 100, 32767, -32768, random.below(92)]))),
  spot('frame-length', (random) => int32(pick(random, [-1, -0x8000_0000, 0, 1, 3, 7, 0x7fff_ffff, 100 << 20]))),
  truncated,
  doubled,
  bitsFlipped,
  extended,
];

const lengths16 = [-32768, -2, -1, 0, 1, 255, 32767];
const lengths32 = [-0x8000_0000, -2, -1, 0, 1, 65_536, 1_000_000, 100 << 20, 0x7fff_fff7, 0x7fff_ffff];
const varints = [
  [0x00],
  [0x01],
  [0x7f],
  [0xff, 0x01],
  [0x80, 0x00],
  [0xff, 0xff, 0x03],
  [0xff, 0xff, 0xff, 0xff, 0x07],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x80, 0x80, 0x80, 0x80, 0x08],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
].map((bytes) => Buffer.from(bytes));
const notUtf8 = ['ff', 'c0af', 'eda080', 'f8888080', 'e282', '00', '2e2e2f', 'efbbbf', 'f09f9880'].map((hex) =>
  Buffer.from(hex, 'hex'),
);

/** Replaces one spot of a kind; a frame without one stays as it is. */
function spot(kind: SpotKind, replacement: (random: Random, at: Spot) => Buffer): Spoil {
  return (random, frame, bytes) => {
    const found = frame.spots.filter((candidate) => candidate.kind === kind);
    if (found.length === 0) return { bytes, how: `as it is, without ${kind}` };
    const chosen = pick(random, found);
    const put = replacement(random, chosen);
    const spoiled = Buffer.concat([bytes.subarray(0, chosen.at), put, bytes.subarray(chosen.at + chosen.bytes)]);
    if (kind !== 'frame-length') sizeRight(spoiled);
    return { bytes: spoiled, how: `${kind} at ${chosen.at} is ${put.toString('hex').slice(0, 40)}` };
  };
}

function truncated(random: Random, _frame: SpottedFrame, bytes: Buffer): SpoiledFrame {
  const kept = 4 + random.below(bytes.length - 4);
  return { bytes: sizeRight(bytes.subarray(0, kept)), how: `cut to ${kept} bytes` };
}

function doubled(random: Random, _frame: SpottedFrame, bytes: Buffer): SpoiledFrame {
  const head = headOf(bytes);
  const from = head + random.below(bytes.length - head);
  const to = from + random.below(bytes.length - from + 1);
  const spoiled = Buffer.concat([bytes.subarray(0, to), bytes.subarray(from, to), bytes.subarray(to)]);
  return { bytes: sizeRight(spoiled), how: `bytes ${from} to ${to} twice` };
}

function bitsFlipped(random: Random, _frame: SpottedFrame, bytes: Buffer): SpoiledFrame {
  const head = headOf(bytes);
  const flips = 1 + random.below(8);
  for (let flip = 0; flip < flips; flip++) {
    const at = head + random.below(bytes.length - head);
    bytes[at]! ^= 1 << random.below(8);
  }
  return { bytes, how: `${flips} bits flipped` };
}

function extended(random: Random, _frame: SpottedFrame, bytes: Buffer): SpoiledFrame {
  const more = random.bytes(1 + random.below(100));
  return { bytes: sizeRight(Buffer.concat([bytes, more])), how: `${more.length} bytes behind` };
}

/** What is left alone: length, API, version and correlation id of a request; an answer may be shorter. */
function headOf(bytes: Buffer): number {
  return Math.min(12, bytes.length - 1);
}

/** Many tags that nobody knows, all whole. */
function tagFlood(random: Random): Buffer {
  const count = 1 + random.below(2000);
  return Buffer.concat([
    unsignedVarint(count),
    ...Array.from({ length: count }, (_, tag) => Buffer.concat([unsignedVarint(500 + tag), Buffer.from([1, 0])])),
  ]);
}

function sizeRight(bytes: Buffer): Buffer {
  bytes.writeInt32BE(bytes.length - 4, 0);
  return bytes;
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
