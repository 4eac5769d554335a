import { fallbackOf } from './fallback.ts';
import {
  bytesMin,
  fixedBytes,
  isFlexible,
  layoutOf,
  isFixed,
  shapeBytesMin,
  type FixedKind,
  type PlacedField,
} from './layout.ts';
import type { Reader } from './reader.ts';
import type { Field, Message, Shape } from './schema.ts';

export type ReadMessage = (reader: Reader) => unknown;

/** The function that reads a message at a version, straight from its first byte to its last. */
export function compileReader(message: Message, version: number): ReadMessage {
  const { text, constants } = new ReaderText(message, version);
  // oxlint-disable-next-line no-new-func, typescript/no-implied-eval
  return (new Function('$constants', text) as (constants: readonly unknown[]) => ReadMessage)(constants);
}

/** The text of that function, for reading it. */
export function readerText(message: Message, version: number): string {
  return new ReaderText(message, version).text;
}

/**
 * Writes one function per struct and per array. Names with a `$` are the machinery's, all others are fields. Runs of fields
 * whose size never changes are checked against the end of the frame once.
 */
class ReaderText {
  readonly constants: unknown[] = [];
  readonly text: string;
  readonly #version: number;
  readonly #flexible: boolean;
  readonly #functions: string[] = [];
  readonly #structs = new Map<Shape, string>();
  #counter = 0;

  constructor(message: Message, version: number) {
    this.#version = version;
    this.#flexible = isFlexible(message, version);
    const main = this.#struct(message.shape);
    const declared = this.constants.map((_, index) => `const $constant${index} = $constants[${index}];`);
    this.text = [
      ...declared,
      ...this.#functions,
      `return ${main};`,
      `//# sourceURL=protocol/${message.name}.v${version}.read.js`,
    ].join('\n');
  }

  #struct(shape: Shape): string {
    const known = this.#structs.get(shape);
    if (known !== undefined) return known;
    const name = `$read${this.#counter++}`;
    this.#structs.set(shape, name);
    const { plain, tagged, absent } = layoutOf(shape, this.#version, this.#flexible);
    const lines = [...this.#plainFields(plain)];
    for (const { name, field } of absent) lines.push(`const ${name} = ${this.#fallback(field)};`);
    if (tagged.length > 0) lines.push(...this.#tags(tagged));
    else if (this.#flexible) lines.push('$r.skipTags();');
    this.#functions.push(
      `function ${name}($r) {\n  const $v = $r.view;\n  ${lines.join('\n  ')}\n  return { ${Object.keys(shape).join(', ')} };\n}`,
    );
    return name;
  }

  #plainFields(fields: readonly PlacedField[]): string[] {
    const lines: string[] = [];
    for (let index = 0; index < fields.length;) {
      const run: PlacedField[] = [];
      while (index < fields.length && fixedBytes(fields[index]!.field) > 0) run.push(fields[index++]!);
      if (run.length > 0) lines.push(...this.#run(run));
      const next = fields[index++];
      if (next !== undefined) lines.push(`const ${next.name} = ${this.#value(next)};`);
    }
    return lines;
  }

  #run(fields: readonly PlacedField[]): string[] {
    const at = `$at${this.#counter++}`;
    const lines: string[] = [];
    let offset = 0;
    for (const { name, field } of fields) {
      lines.push(`const ${name} = ${fixedValues[field.kind as FixedKind](offset === 0 ? at : `${at} + ${offset}`)};`);
      offset += fixedBytes(field);
    }
    return [`const ${at} = $r.take(${offset});`, ...lines];
  }

  #tags(fields: readonly PlacedField[]): string[] {
    return [
      ...fields.map(({ name, field }) => `let ${name} = ${this.#fallback(field)};`),
      'for (let $left = $r.unsignedVarint(); $left > 0; $left--) {',
      '  const $tag = $r.unsignedVarint(), $size = $r.unsignedVarint();',
      '  switch ($tag) {',
      ...fields.map((placed) => `    case ${placed.field.tag}: ${placed.name} = ${this.#value(placed)}; break;`),
      '    default: $r.skipTag($size);',
      '  }',
      '}',
    ];
  }

  #value(placed: PlacedField): string {
    const { field, isNullable, isCompact } = placed;
    const { kind } = field;
    if (isFixed(kind)) return fixedValues[kind](`$r.take(${fixedBytes(field)})`);
    if (kind === 'struct') {
      const present = `${this.#struct(field.shape!)}($r)`;
      return isNullable ? `$r.isPresent(${field.tag >= 0}) ? ${present} : null` : present;
    }
    const orNull = isNullable ? 'OrNull' : '';
    const length = `$r.${isCompact ? 'compactLength' : kind === 'string' ? 'length16' : 'length32'}()`;
    if (kind === 'string') return `$r.text${orNull}(${length})`;
    if (kind !== 'array') return `$r.slice${orNull}(${length})`;
    return `${this.#array(field)}($r, $r.count${orNull}(${length}, ${this.#elementBytesMin(field)}))`;
  }

  #elementBytesMin(field: Field): number {
    const element = field.element!;
    return element.kind === 'struct'
      ? shapeBytesMin(element.shape!, this.#version, this.#flexible)
      : bytesMin(element, this.#version, this.#flexible);
  }

  #array(field: Field): string {
    const name = `$array${this.#counter++}`;
    const placed = { name: '', field: field.element!, isNullable: false, isCompact: this.#flexible };
    this.#functions.push(
      `function ${name}($r, $count) {
  if ($count < 0) return null;
  const $v = $r.view;
  const $list = new Array($count);
  for (let $index = 0; $index < $count; $index++) $list[$index] = ${this.#value(placed)};
  return $list;
}`,
    );
    return name;
  }

  /** Numbers and texts as they are, the rest as constants beside the text. */
  #fallback(field: Field): string {
    const value = fallbackOf(field);
    if (typeof value === 'bigint') return `${value}n`;
    if (typeof value !== 'object' || value === null) return JSON.stringify(value);
    let index = this.constants.indexOf(value);
    if (index < 0) index = this.constants.push(value) - 1;
    return `$constant${index}`;
  }
}

const fixedValues: { readonly [K in FixedKind]: (at: string) => string } = {
  bool: (at) => `$v.getUint8(${at}) !== 0`,
  int8: (at) => `$v.getInt8(${at})`,
  int16: (at) => `$v.getInt16(${at})`,
  uint16: (at) => `$v.getUint16(${at})`,
  int32: (at) => `$v.getInt32(${at})`,
  uint32: (at) => `$v.getUint32(${at})`,
  int64: (at) => `$r.int64(${at})`,
  bigint64: (at) => `$v.getBigInt64(${at})`,
  float64: (at) => `$v.getFloat64(${at})`,
  uuid: (at) => `$r.uuid(${at})`,
};
