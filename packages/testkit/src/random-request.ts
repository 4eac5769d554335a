/**
 * Requests out of the tables: any API at any version, with plausible values where a pool knows the name of a field and with edge
 * values elsewhere. Beside its bytes a frame tells where its lengths, counts, tags and texts are, for those who spoil them.
 */
import { apis, includes, type Api, type Field, type Shape } from '@millrace/protocol';
import type { Random } from '@millrace/base';

export type SpotKind =
  | 'frame-length'
  | 'key'
  | 'version'
  | 'length16'
  | 'length32'
  | 'varint'
  | 'tag-count'
  | 'text'
  | 'bytes'
  | 'fixed';

/** A place in a frame that means something. */
export interface Spot {
  readonly kind: SpotKind;
  readonly at: number;
  readonly bytes: number;
}

export interface SpottedFrame {
  readonly api: Api;
  readonly version: number;
  /** With the length in front. */
  readonly bytes: Buffer;
  readonly spots: readonly Spot[];
}

/** Plausible values by the name of the field; what gives `undefined` is left to chance. */
export type ValuePool = (name: string, field: Field, random: Random) => unknown;

const depthMax = 6;

export function randomRequest(random: Random, api: Api, version: number, pool: ValuePool): SpottedFrame {
  const out = new SpottedBytes();
  out.fixed('frame-length', 4, (bytes, at) => bytes.writeInt32BE(0, at));
  out.fixed('key', 2, (bytes, at) => bytes.writeInt16BE(api.key, at));
  out.fixed('version', 2, (bytes, at) => bytes.writeInt16BE(version, at));
  out.fixed('fixed', 4, (bytes, at) => bytes.writeInt32BE(random.below(0x7fff_ffff), at));
  out.text('fuzz', false);
  const isFlexible = version >= api.flexibleSince;
  if (isFlexible) out.varint('tag-count', 0);
  new Sketch(out, random, version, isFlexible, pool).struct(api.request.shape, 0);
  const bytes = out.take();
  bytes.writeInt32BE(bytes.length - 4, 0);
  return { api, version, bytes, spots: out.spots };
}

/** The other way: an answer to a request with this correlation id. */
export function randomAnswer(
  random: Random,
  api: Api,
  version: number,
  correlationId: number,
  pool: ValuePool,
): SpottedFrame {
  const out = new SpottedBytes();
  out.fixed('frame-length', 4, (bytes, at) => bytes.writeInt32BE(0, at));
  out.fixed('fixed', 4, (bytes, at) => bytes.writeInt32BE(correlationId, at));
  const isFlexible = version >= api.flexibleSince;
  // ApiVersions is always answered with the oldest header.
  if (isFlexible && api !== apis.apiVersions) out.varint('tag-count', 0);
  new Sketch(out, random, version, isFlexible, pool).struct(api.response.shape, 0);
  const bytes = out.take();
  bytes.writeInt32BE(bytes.length - 4, 0);
  return { api, version, bytes, spots: out.spots };
}

class Sketch {
  readonly #out: SpottedBytes;
  readonly #random: Random;
  readonly #version: number;
  readonly #isFlexible: boolean;
  readonly #pool: ValuePool;

  constructor(out: SpottedBytes, random: Random, version: number, isFlexible: boolean, pool: ValuePool) {
    this.#out = out;
    this.#random = random;
    this.#version = version;
    this.#isFlexible = isFlexible;
    this.#pool = pool;
  }

  struct(shape: Shape, depth: number): void {
    const present = Object.entries(shape).filter(([, field]) => includes(field.versions, this.#version));
    for (const [name, field] of present) if (field.tag < 0) this.#field(name, field, depth);
    if (!this.#isFlexible) return;
    const tagged = present.filter(([, field]) => field.tag >= 0 && this.#random.below(3) === 0);
    tagged.sort(([, left], [, right]) => left.tag - right.tag);
    const unknown = this.#random.below(8) === 0 ? 1 : 0;
    this.#out.varint('tag-count', tagged.length + unknown);
    for (const [name, field] of tagged) {
      this.#out.varint('varint', field.tag);
      this.#out.sized(() => this.#field(name, field, depth));
    }
    if (unknown > 0) {
      this.#out.varint('varint', 1000 + this.#random.below(1000));
      this.#out.blob(this.#random.bytes(this.#random.below(20)), true, false);
    }
  }

  #field(name: string, field: Field, depth: number): void {
    const isNullable = includes(field.nullable, this.#version);
    const isCompact = this.#isFlexible && field.compact;
    if (isNullable && this.#random.below(6) === 0) this.#null(field, isCompact);
    else this.#value(name, field, isCompact, isNullable, depth);
  }

  #null(field: Field, isCompact: boolean): void {
    if (field.kind === 'struct')
      this.#out.fixed('fixed', 1, (bytes, at) => bytes.writeInt8(field.tag >= 0 ? 0 : -1, at));
    else if (isCompact) this.#out.varint('varint', 0);
    else if (field.kind === 'string') this.#out.fixed('length16', 2, (bytes, at) => bytes.writeInt16BE(-1, at));
    else this.#out.fixed('length32', 4, (bytes, at) => bytes.writeInt32BE(-1, at));
  }

  #value(name: string, field: Field, isCompact: boolean, isNullable: boolean, depth: number): void {
    if (field.kind === 'struct') {
      if (isNullable) this.#out.fixed('fixed', 1, (bytes, at) => bytes.writeInt8(1, at));
      this.struct(field.shape!, depth + 1);
    } else if (field.kind === 'array') {
      const count = depth >= depthMax ? 0 : this.#random.below(4);
      this.#out.length(count, isCompact);
      for (let index = 0; index < count; index++) this.#value(name, field.element!, this.#isFlexible, false, depth + 1);
    } else {
      this.#scalar(field, isCompact, this.#pool(name, field, this.#random) ?? this.#chance(field));
    }
  }

  #scalar(field: Field, isCompact: boolean, value: unknown): void {
    switch (field.kind) {
      case 'string':
        return this.#out.text(value as string, isCompact);
      case 'bytes':
      case 'records':
        return this.#out.blob(value as Uint8Array, isCompact, true);
      case 'uuid':
        return this.#out.fixed('fixed', 16, (bytes, at) => bytes.write(value as string, at, 16, 'base64url'));
      case 'bool':
        return this.#out.fixed('fixed', 1, (bytes, at) => bytes.writeUInt8(value === true ? 1 : 0, at));
      case 'float64':
        return this.#out.fixed('fixed', 8, (bytes, at) => bytes.writeDoubleBE(value as number, at));
      default:
        return this.#integer(field, value as number);
    }
  }

  #integer(field: Field, value: number): void {
    const bits = Number(field.kind.replace(/\D/g, ''));
    const whole = BigInt.asUintN(bits, BigInt(value));
    this.#out.fixed('fixed', bits / 8, (bytes, at) => {
      for (let shift = 0, place = at + bits / 8 - 1; shift < bits; shift += 8)
        bytes[place--] = Number((whole >> BigInt(shift)) & 0xffn);
    });
  }

  #chance(field: Field): unknown {
    const random = this.#random;
    switch (field.kind) {
      case 'string':
        return pick(random, texts);
      case 'bytes':
      case 'records':
        return random.bytes(random.below(60));
      case 'uuid':
        return Buffer.from(random.bytes(16)).toString('base64url');
      case 'bool':
        return random.below(2) === 0;
      case 'float64':
        return pick(random, [0, -1, 1.5, NaN, Infinity, 1e300]);
      default:
        return random.below(3) === 0 ? pick(random, edges) : random.below(8);
    }
  }
}

export function pick<T>(random: Random, from: readonly T[]): T {
  return from[random.below(from.length)] as T;
}

const edges: readonly number[] = [
  -1,
  -2,
  127,
  128,
  255,
  32767,
  32768,
  65535,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31),
  2 ** 53 - 1,
  2 ** 53 + 2,
  2 ** 62,
  -(2 ** 63),
];
const texts: readonly string[] = [
  '',
  'a',
  '.',
  '..',
  '__proto__',
  'constructor',
  'toString',
  'a.b',
  'a_b',
  'ä€😀',
  '\0',
  'x'.repeat(249),
  'x'.repeat(250),
  'y'.repeat(5000),
  '../../etc',
  '*',
  '-1',
  '1e309',
];

/** A buffer that grows, and remembers what stands where. */
class SpottedBytes {
  readonly spots: Spot[] = [];
  #bytes: Buffer = Buffer.alloc(4096);
  #at = 0;

  take(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#at));
  }

  fixed(kind: SpotKind, count: number, write: (bytes: Buffer, at: number) => unknown): void {
    const at = this.#reserve(count);
    write(this.#bytes, at);
    this.spots.push({ kind, at, bytes: count });
  }

  varint(kind: 'varint' | 'tag-count', value: number): void {
    const bytes = unsignedVarint(value);
    this.fixed(kind, bytes.length, (target, at) => bytes.copy(target, at));
  }

  /** Of an array. */
  length(count: number, isCompact: boolean): void {
    if (isCompact) this.varint('varint', count + 1);
    else this.fixed('length32', 4, (bytes, at) => bytes.writeInt32BE(count, at));
  }

  text(value: string, isCompact: boolean): void {
    const bytes = Buffer.from(value);
    if (isCompact) this.varint('varint', bytes.length + 1);
    else this.fixed('length16', 2, (target, at) => target.writeInt16BE(bytes.length, at));
    this.fixed('text', bytes.length, (target, at) => bytes.copy(target, at));
  }

  /** With a length of one more when compact, as everything but the size of a tag has. */
  blob(value: Uint8Array, isCompact: boolean, isOneMore: boolean): void {
    if (isCompact) this.varint('varint', value.length + (isOneMore ? 1 : 0));
    else this.fixed('length32', 4, (bytes, at) => bytes.writeInt32BE(value.length, at));
    this.fixed('bytes', value.length, (bytes, at) => bytes.set(value, at));
  }

  /** The size of what `write` adds, in front of it. */
  sized(write: () => void): void {
    const inner = { at: this.#at, spots: this.spots.length };
    write();
    const content = Buffer.from(this.#bytes.subarray(inner.at, this.#at));
    const moved = this.spots.splice(inner.spots);
    this.#at = inner.at;
    this.varint('varint', content.length);
    const shift = this.#at - inner.at;
    content.copy(this.#bytes, this.#reserve(content.length));
    for (const spot of moved) this.spots.push({ ...spot, at: spot.at + shift });
  }

  #reserve(count: number): number {
    const at = this.#at;
    while (at + count > this.#bytes.length)
      this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(this.#bytes.length)]);
    this.#at = at + count;
    return at;
  }
}

export function unsignedVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value >>> 0;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}
