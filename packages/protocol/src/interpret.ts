import { fallbackOf, isFallback } from './fallback.ts';
import { bytesMin, isFixed, isFlexible, layoutOf, type FixedKind, type PlacedField } from './layout.ts';
import type { Reader } from './reader.ts';
import { int64Max, type Field, type Message, type Shape } from './schema.ts';
import type { Writer } from './writer.ts';

/**
 * The same as the compiled functions, by walking the table field by field: slow and obvious. It is what they are tested
 * against, it stands in where compiling text is forbidden, and after a failure it walks again to say which field it was: the
 * names of `trail` lead to it.
 */
export function interpretRead(reader: Reader, message: Message, version: number, trail: string[] = []): unknown {
  return new Walk(version, isFlexible(message, version), trail).readStruct(reader, message.shape);
}

export function interpretWrite(
  writer: Writer,
  message: Message,
  version: number,
  value: object,
  trail: string[] = [],
): void {
  new Walk(version, isFlexible(message, version), trail).writeStruct(writer, message.shape, value);
}

class Walk {
  readonly #version: number;
  readonly #flexible: boolean;
  readonly #trail: string[];

  constructor(version: number, flexible: boolean, trail: string[]) {
    this.#version = version;
    this.#flexible = flexible;
    this.#trail = trail;
  }

  readStruct(reader: Reader, shape: Shape): object {
    const value: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(shape)) value[name] = fallbackOf(field);
    const { plain, tagged } = layoutOf(shape, this.#version, this.#flexible);
    for (const placed of plain) value[placed.name] = this.#read(reader, placed);
    if (!this.#flexible) return value;
    for (let left = reader.unsignedVarint(); left > 0; left--) {
      const tag = reader.unsignedVarint();
      const size = reader.unsignedVarint();
      const placed = tagged.find(({ field }) => field.tag === tag);
      // As in Kafka, the size of a tag we know is not looked at.
      if (placed === undefined) reader.skipTag(size);
      else value[placed.name] = this.#read(reader, placed);
    }
    return value;
  }

  #read(reader: Reader, placed: PlacedField): unknown {
    this.#trail.push(placed.name);
    const value = this.#readValue(reader, placed);
    this.#trail.pop();
    return value;
  }

  #readValue(reader: Reader, { field, isNullable, isCompact }: PlacedField): unknown {
    const { kind } = field;
    if (kind === 'struct')
      return isNullable && !reader.isPresent(field.tag >= 0) ? null : this.readStruct(reader, field.shape!);
    if (isFixed(kind)) return fixedReads[kind](reader);
    const length = isCompact ? reader.compactLength() : kind === 'string' ? reader.length16() : reader.length32();
    if (kind === 'array') return this.#readArray(reader, field.element!, isNullable, length);
    if (kind === 'string') return isNullable ? reader.textOrNull(length) : reader.text(length);
    return isNullable ? reader.sliceOrNull(length) : reader.slice(length);
  }

  #readArray(reader: Reader, element: Field, isNullable: boolean, length: number): unknown {
    const least = bytesMin(element, this.#version, this.#flexible);
    const count = isNullable ? reader.countOrNull(length, least) : reader.count(length, least);
    if (count < 0) return null;
    const list: unknown[] = [];
    for (let index = 0; index < count; index++) {
      list.push(this.#read(reader, { name: `${index}`, field: element, isNullable: false, isCompact: this.#flexible }));
    }
    return list;
  }

  writeStruct(writer: Writer, shape: Shape, value: object): void {
    const given = value as Record<string, unknown>;
    const { plain, tagged, absent } = layoutOf(shape, this.#version, this.#flexible);
    for (const { name, field } of absent) {
      if (field.ignorable || isFallback(field, given[name])) continue;
      this.#trail.push(name);
      writer.refuse('this version has no such field, and its value is not the default');
    }
    for (const placed of plain) this.#write(writer, placed, given[placed.name]);
    if (!this.#flexible) return;
    const set = tagged.filter(({ name, field }) => !isFallback(field, given[name]));
    writer.unsignedVarint(set.length);
    for (const placed of set) {
      const mark = writer.beginTag(placed.field.tag);
      this.#write(writer, placed, given[placed.name]);
      writer.endTag(mark);
    }
  }

  #write(writer: Writer, placed: PlacedField, given: unknown): void {
    this.#trail.push(placed.name);
    const value = given === undefined ? fallbackOf(placed.field) : given;
    if (value !== null) this.#writeValue(writer, placed, value);
    else if (placed.isNullable) this.#writeNull(writer, placed);
    else writer.refuse('null, which it may not be at this version');
    this.#trail.pop();
  }

  #writeValue(writer: Writer, { field, isNullable, isCompact }: PlacedField, value: unknown): void {
    const { kind } = field;
    if (kind === 'string') {
      if (typeof value !== 'string') writer.refuse('not a string');
      writer.text(value, isCompact);
    } else if (kind === 'bytes') {
      if (!(value instanceof Uint8Array)) writer.refuse('not bytes');
      writer.blob(value, isCompact);
    } else if (kind === 'records') {
      if (!isRecords(value)) writer.refuse('neither bytes nor a list of bytes');
      writer.records(value, isCompact);
    } else if (kind === 'array') {
      if (!Array.isArray(value)) writer.refuse('not an array');
      this.#writeArray(writer, field.element!, isCompact, value);
    } else if (kind === 'struct') {
      if (typeof value !== 'object' || value === null) writer.refuse('not an object');
      if (isNullable) writer.int8(1);
      this.writeStruct(writer, field.shape!, value);
    } else {
      writeFixed(writer, kind, value);
    }
  }

  #writeNull(writer: Writer, { field, isCompact }: PlacedField): void {
    if (field.kind === 'struct') writer.int8(field.tag >= 0 ? 0 : -1);
    else if (isCompact) writer.unsignedVarint(0);
    else if (field.kind === 'string') writer.int16(-1);
    else writer.int32(-1);
  }

  #writeArray(writer: Writer, element: Field, isCompact: boolean, list: readonly unknown[]): void {
    if (isCompact) writer.unsignedVarint(list.length + 1);
    else writer.int32(list.length);
    for (let index = 0; index < list.length; index++) {
      const placed = { name: `${index}`, field: element, isNullable: false, isCompact: this.#flexible };
      if (list[index] === undefined) writer.refuse(`no value at ${index}`);
      this.#write(writer, placed, list[index]);
    }
  }
}

function isRecords(value: unknown): value is Uint8Array | readonly Uint8Array[] {
  return value instanceof Uint8Array || (Array.isArray(value) && value.every((slice) => slice instanceof Uint8Array));
}

const fixedReads: { readonly [K in FixedKind]: (reader: Reader) => unknown } = {
  bool: (reader) => reader.view.getUint8(reader.take(1)) !== 0,
  int8: (reader) => reader.view.getInt8(reader.take(1)),
  int16: (reader) => reader.view.getInt16(reader.take(2)),
  uint16: (reader) => reader.view.getUint16(reader.take(2)),
  int32: (reader) => reader.view.getInt32(reader.take(4)),
  uint32: (reader) => reader.view.getUint32(reader.take(4)),
  int64: (reader) => reader.int64(reader.take(8)),
  bigint64: (reader) => reader.view.getBigInt64(reader.take(8)),
  float64: (reader) => reader.view.getFloat64(reader.take(8)),
  uuid: (reader) => reader.uuid(reader.take(16)),
};

function writeFixed(writer: Writer, kind: FixedKind, value: unknown): void {
  if (kind === 'bool') {
    if (typeof value !== 'boolean') writer.refuse('not a boolean');
    writer.int8(value ? 1 : 0);
  } else if (kind === 'uuid') {
    if (typeof value !== 'string') writer.refuse('not a uuid in base64url');
    writer.uuid(writer.reserve(16), value);
  } else if (kind === 'bigint64') {
    if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value) writer.refuse('not a bigint of 64 bits');
    const at = writer.reserve(8);
    writer.view.setBigInt64(at, value);
  } else if (kind === 'float64') {
    if (typeof value !== 'number') writer.refuse('not a number');
    const at = writer.reserve(8);
    writer.view.setFloat64(at, value);
  } else {
    writeInteger(writer, kind, value);
  }
}

function writeInteger(writer: Writer, kind: keyof typeof ranges, value: unknown): void {
  const [least, most] = ranges[kind];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    writer.refuse(`${String(value)} is not an integer from ${least} to ${most}`);
  }
  if (kind === 'int8') writer.int8(value);
  else if (kind === 'int16' || kind === 'uint16') writer.int16(value);
  else if (kind === 'int64') writer.int64(writer.reserve(8), value);
  else writer.int32(value);
}

const ranges = {
  int8: [-0x80, 0x7f],
  int16: [-0x8000, 0x7fff],
  uint16: [0, 0xffff],
  int32: [-0x8000_0000, 0x7fff_ffff],
  uint32: [0, 0xffff_ffff],
  int64: [-int64Max, int64Max],
} as const;
