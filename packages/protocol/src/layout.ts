import { includes, type Field, type Kind, type Message, type Shape } from './schema.ts';

/** A field with its name, as it is on the wire at one version. */
export interface PlacedField {
  readonly name: string;
  readonly field: Field;
  readonly isNullable: boolean;
  readonly isCompact: boolean;
}

/** What a struct is at one version. */
export interface Layout {
  readonly plain: readonly PlacedField[];
  /** In the order of the tags. */
  readonly tagged: readonly PlacedField[];
  /** The version lacks these. */
  readonly absent: readonly PlacedField[];
}

/** Lengths are compact and structs end with tags. */
export function isFlexible(message: Message, version: number): boolean {
  return version >= message.flexibleSince;
}

export function layoutOf(shape: Shape, version: number, flexible: boolean): Layout {
  const plain: PlacedField[] = [];
  const tagged: PlacedField[] = [];
  const absent: PlacedField[] = [];
  for (const [name, field] of Object.entries(shape)) {
    const placed = {
      name,
      field,
      isNullable: includes(field.nullable, version),
      isCompact: flexible && field.compact,
    };
    if (!includes(field.versions, version)) absent.push(placed);
    else if (field.tag >= 0) tagged.push(placed);
    else plain.push(placed);
  }
  tagged.sort((left, right) => left.field.tag - right.field.tag);
  return { plain, tagged, absent };
}

export type FixedKind = keyof typeof fixedSizes;

/** Bytes on the wire of the kinds whose size never changes. */
const fixedSizes = {
  bool: 1,
  int8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  bigint64: 8,
  float64: 8,
  uuid: 16,
} as const;

/** 0 for the kinds whose size varies. */
export function fixedBytes(field: Field): number {
  return isFixed(field.kind) ? fixedSizes[field.kind] : 0;
}

export function isFixed(kind: Kind): kind is FixedKind {
  return Object.hasOwn(fixedSizes, kind);
}

/** The fewest bytes a field can have at a version: what a count from the wire is checked against. */
export function bytesMin(field: Field, version: number, flexible: boolean): number {
  const fixed = fixedBytes(field);
  if (fixed > 0) return fixed;
  if (field.kind === 'struct') {
    return includes(field.nullable, version) ? 1 : shapeBytesMin(field.shape!, version, flexible);
  }
  if (flexible && field.compact) return 1;
  return field.kind === 'string' ? 2 : 4;
}

export function shapeBytesMin(shape: Shape, version: number, flexible: boolean): number {
  let count = flexible ? 1 : 0;
  for (const { field } of layoutOf(shape, version, flexible).plain) count += bytesMin(field, version, flexible);
  return count;
}
