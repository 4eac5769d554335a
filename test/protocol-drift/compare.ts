import { includes, zeroUuid, type Field, type Message, type Shape, type Versions } from '@millrace/protocol';

import type { Definition, FieldDefinition, StructDefinition } from './definitions.ts';

/**
 * What differs between Kafka's definition of a message and our table, in sentences. Ranges are compared at the versions in which the
 * field can be on the wire at all: our tables leave away what says nothing there.
 */
export function differences(definition: Definition, message: Message): string[] {
  const found: string[] = [];
  const note = (place: string, what: string, kafka: unknown, ours: unknown): void => {
    if (!Object.is(kafka, ours))
      found.push(`${place}: ${what} is ${String(kafka)} in Kafka and ${String(ours)} in our table`);
  };
  const valid = range(definition.validVersions);
  note(message.name, 'versions', text(valid), text(message.versions));
  note(message.name, 'first flexible version', flexibleSince(definition), message.flexibleSince);
  const structs = new Map((definition.commonStructs ?? []).map((struct) => [struct.name, struct]));
  compareFields(definition.fields, message.shape, valid, { place: message.name, valid, structs, note });
  return found;
}

interface Comparison {
  readonly place: string;
  readonly valid: Versions;
  readonly structs: ReadonlyMap<string, StructDefinition>;
  readonly note: (place: string, what: string, kafka: unknown, ours: unknown) => void;
}

function compareFields(
  definitions: readonly FieldDefinition[],
  shape: Shape,
  versions: Versions,
  comparison: Comparison,
): void {
  const present = definitions.filter((definition) => !isEmpty(overlap(versionsOf(definition), versions)));
  const names = present.map(({ name }) => camel(name)).join(', ');
  comparison.note(comparison.place, 'the order of fields', names, Object.keys(shape).join(', '));
  for (const definition of present) {
    const field = shape[camel(definition.name)];
    if (field === undefined) continue;
    compareField(definition, field, versions, {
      ...comparison,
      place: `${comparison.place}.${camel(definition.name)}`,
    });
  }
}

function compareField(definition: FieldDefinition, field: Field, around: Versions, comparison: Comparison): void {
  const { place, note } = comparison;
  for (const property of Object.keys(definition)) {
    if (!understood.has(property)) note(place, 'the property', property, 'not understood');
  }
  const versions = overlap(versionsOf(definition), around);
  note(place, 'versions', text(versions), text(overlap(field.versions, around)));
  note(
    place,
    'nullable versions',
    text(overlap(range(definition.nullableVersions), versions)),
    text(overlap(field.nullable, versions)),
  );
  note(place, 'tag', definition.tag ?? -1, field.tag);
  note(
    place,
    'tagged versions',
    text(overlap(range(definition.taggedVersions), versions)),
    text(field.tag < 0 ? none : versions),
  );
  note(place, 'compact', definition.flexibleVersions !== 'none', field.compact);
  note(place, 'default', defaultOf(definition), defaultOfOurs(field));
  // Where every version has the field, there is nothing to ignore.
  if (text(versions) !== text(around)) note(place, 'ignorable', definition.ignorable ?? false, field.ignorable);
  compareType(definition, definition.type, field, versions, comparison);
}

function compareType(
  definition: FieldDefinition,
  type: string,
  field: Field,
  versions: Versions,
  comparison: Comparison,
): void {
  const { place, note, structs } = comparison;
  if (type.startsWith('[]')) {
    note(place, 'kind', 'array', field.kind);
    if (field.element !== undefined) compareType(definition, type.slice(2), field.element, versions, comparison);
    return;
  }
  if (scalars.has(type)) {
    note(place, 'kind', type, field.kind === 'bigint64' ? 'int64' : field.kind);
    return;
  }
  note(place, 'kind', 'struct', field.kind);
  // A shared struct is declared once, for all versions of its message.
  const shared = definition.fields === undefined ? structs.get(type) : undefined;
  const fields = shared?.fields ?? definition.fields ?? [];
  const around = shared === undefined ? versions : overlap(range(shared.versions), comparison.valid);
  compareFields(fields, field.shape ?? {}, around, comparison);
}

const scalars = new Set('bool int8 int16 uint16 int32 uint32 int64 float64 string bytes uuid records'.split(' '));
const understood = new Set(
  'name type versions nullableVersions taggedVersions flexibleVersions tag default ignorable fields about entityType mapKey zeroCopy'.split(
    ' ',
  ),
);
const none: Versions = { since: Infinity, until: -1 };

function flexibleSince(definition: Definition): number {
  const flexible = range(definition.flexibleVersions);
  return isEmpty(flexible) ? Infinity : Math.max(flexible.since, range(definition.validVersions).since);
}

/** Tagged fields may leave their versions away. */
function versionsOf(definition: FieldDefinition): Versions {
  return range(definition.versions ?? definition.taggedVersions);
}

function range(versions: string | undefined): Versions {
  if (versions === undefined || versions === 'none') return none;
  if (versions.endsWith('+')) return { since: Number(versions.slice(0, -1)), until: Infinity };
  const [since, until] = versions.split('-');
  return { since: Number(since), until: Number(until ?? since) };
}

function overlap(left: Versions, right: Versions): Versions {
  return { since: Math.max(left.since, right.since), until: Math.min(left.until, right.until) };
}

function isEmpty(versions: Versions): boolean {
  return !includes(versions, versions.since);
}

function text(versions: Versions): string {
  return isEmpty(versions) ? 'none' : `${versions.since}-${versions.until}`;
}

/** A literal null in the JSON counts as no default in Kafka's generator; the text "null" is the default null. */
function defaultOf({ type, default: given }: FieldDefinition): string {
  if (given === undefined || given === null) return implicitDefault(type);
  if (given === 'null') return 'null';
  if (type === 'string' || type === 'bool') return String(given);
  return String(Number(given));
}

function implicitDefault(type: string): string {
  if (type === 'string') return '';
  if (type === 'bool') return 'false';
  if (type === 'uuid') return zeroUuid;
  if (type === 'records') return 'null';
  if (type === 'bytes' || type.startsWith('[]')) return 'empty';
  return scalars.has(type) ? '0' : 'a struct of defaults';
}

function defaultOfOurs({ kind, fallback }: Field): string {
  if (fallback === undefined) return 'a struct of defaults';
  if ((kind === 'array' || kind === 'bytes') && fallback !== null) return 'empty';
  return typeof fallback === 'string' || typeof fallback === 'bigint' ? String(fallback) : JSON.stringify(fallback);
}

/** Kafka's name with its first letter small. */
function camel(name: string): string {
  return name.slice(0, 1).toLowerCase() + name.slice(1);
}
