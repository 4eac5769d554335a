import { isFallback } from './fallback.ts';
import { fixedBytes, isFlexible, isFixed, layoutOf, type FixedKind, type PlacedField } from './layout.ts';
import type { Field, Message, Shape } from './schema.ts';
import type { Writer } from './writer.ts';

export type WriteMessage = (writer: Writer, value: object) => void;

/** The function that writes a message at a version. A field left undefined has its default. */
export function compileWriter(message: Message, version: number): WriteMessage {
  const { text, constants } = new WriterText(message, version);
  // oxlint-disable-next-line no-new-func, typescript/no-implied-eval
  return (new Function('$isDefault', '$constants', text) as Compiled)(isFallback, constants);
}

/** The text of that function, for reading it. */
export function writerText(message: Message, version: number): string {
  return new WriterText(message, version).text;
}

type Compiled = (isDefault: typeof isFallback, constants: readonly unknown[]) => WriteMessage;

/** The counterpart of the reader's text: `$o` is the struct to write, names without a `$` are its fields. */
class WriterText {
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
      `//# sourceURL=protocol/${message.name}.v${version}.write.js`,
    ].join('\n');
  }

  #struct(shape: Shape): string {
    const known = this.#structs.get(shape);
    if (known !== undefined) return known;
    const name = `$write${this.#counter++}`;
    this.#structs.set(shape, name);
    const { plain, tagged, absent } = layoutOf(shape, this.#version, this.#flexible);
    const lines: string[] = [];
    for (const { name, field } of absent) {
      if (!field.ignorable) lines.push(`if (${this.#isSet(field, `$o.${name}`)}) $w.refuse();`);
    }
    lines.push(...this.#plainFields(plain));
    if (tagged.length > 0) lines.push(...this.#tags(tagged));
    else if (this.#flexible) lines.push('$w.int8(0);');
    this.#functions.push(`function ${name}($w, $o) {\n  ${lines.join('\n  ')}\n}`);
    return name;
  }

  #plainFields(fields: readonly PlacedField[]): string[] {
    const lines: string[] = [];
    for (let index = 0; index < fields.length;) {
      const run: PlacedField[] = [];
      while (index < fields.length && fixedBytes(fields[index]!.field) > 0) run.push(fields[index++]!);
      if (run.length > 0) lines.push(...this.#run(run));
      const next = fields[index++];
      if (next !== undefined) lines.push(...this.#fetchAndWrite(next));
    }
    return lines;
  }

  #run(fields: readonly PlacedField[]): string[] {
    const at = `$at${this.#counter++}`;
    const checks: string[] = [];
    const writes: string[] = [];
    let offset = 0;
    for (const { name, field } of fields) {
      checks.push(`let ${name} = $o.${name};`);
      checks.push(`if (${name} === undefined) ${name} = ${this.#constant(field.fallback)};`);
      checks.push(`else if (${refusals[field.kind as FixedKind](name)}) $w.refuse();`);
      writes.push(fixedWrites[field.kind as FixedKind](offset === 0 ? at : `${at} + ${offset}`, name));
      offset += fixedBytes(field);
    }
    return [...checks, `const ${at} = $w.reserve(${offset});`, ...writes];
  }

  #fetchAndWrite(placed: PlacedField): string[] {
    const { name, field } = placed;
    const fallback = field.fallback === undefined ? '{}' : this.#constant(field.fallback);
    const lines = [`let ${name} = $o.${name};`, `if (${name} === undefined) ${name} = ${fallback};`];
    return [...lines, ...this.#write(placed, name)];
  }

  #tags(fields: readonly PlacedField[]): string[] {
    const lines: string[] = [];
    const isSet = fields.map(({ name, field }) => {
      lines.push(`const $has_${name} = ${this.#isSet(field, `$o.${name}`)};`);
      return `$has_${name}`;
    });
    lines.push(`$w.int8(${isSet.map((name) => `(${name} ? 1 : 0)`).join(' + ')});`);
    for (const placed of fields) {
      const { name, field } = placed;
      lines.push(`if ($has_${name}) {`, `  const ${name} = $o.${name}, $tag = $w.beginTag(${field.tag});`);
      if (isFixed(field.kind)) {
        lines.push(
          `  if (${refusals[field.kind](name)}) $w.refuse();`,
          `  const $at = $w.reserve(${fixedBytes(field)});`,
        );
        lines.push(`  ${fixedWrites[field.kind]('$at', name)}`);
      } else {
        for (const line of this.#write(placed, name)) lines.push(`  ${line}`);
      }
      lines.push('  $w.endTag($tag);', '}');
    }
    return lines;
  }

  /** Writes a field whose size varies, null included. */
  #write(placed: PlacedField, name: string): string[] {
    const { field, isNullable, isCompact } = placed;
    const plain = this.#writePresent(field, isCompact, name);
    const ifNull = isNullable ? writeNull(field, isCompact) : '$w.refuse();';
    if (isNullable && field.kind === 'struct') plain.unshift('$w.int8(1);');
    return [`if (${name} === null) ${ifNull}`, `else { ${plain.join(' ')} }`];
  }

  #writePresent(field: Field, isCompact: boolean, name: string): string[] {
    const { kind } = field;
    if (kind === 'string') return [`if (typeof ${name} !== 'string') $w.refuse();`, `$w.text(${name}, ${isCompact});`];
    if (kind === 'bytes') return [`$w.blob(${name}, ${isCompact});`];
    if (kind === 'records') return [`$w.records(${name}, ${isCompact});`];
    if (kind === 'struct') {
      return [`if (typeof ${name} !== 'object') $w.refuse();`, `${this.#struct(field.shape!)}($w, ${name});`];
    }
    return [
      `if (!Array.isArray(${name})) $w.refuse();`,
      isCompact ? `$w.unsignedVarint(${name}.length + 1);` : `$w.int32(${name}.length);`,
      `${this.#array(field)}($w, ${name});`,
    ];
  }

  #array(field: Field): string {
    const name = `$array${this.#counter++}`;
    const element = field.element!;
    const placed = { name: '', field: element, isNullable: false, isCompact: this.#flexible };
    const body = isFixed(element.kind)
      ? `if (${refusals[element.kind]('$element')}) $w.refuse();
    const $at = $w.reserve(${fixedBytes(element)});
    ${fixedWrites[element.kind]('$at', '$element')}`
      : this.#write(placed, '$element').join('\n    ');
    this.#functions.push(
      `function ${name}($w, $list) {
  for (let $index = 0; $index < $list.length; $index++) {
    const $element = $list[$index];
    ${body}
  }
}`,
    );
    return name;
  }

  /** The expression that tells a value from the default of its field. */
  #isSet(field: Field, value: string): string {
    if (field.kind === 'struct' || field.kind === 'array' || field.kind === 'bytes') {
      return `${value} !== undefined && !$isDefault(${this.#constant(field)}, ${value})`;
    }
    return `${value} !== undefined && ${value} !== ${this.#constant(field.fallback)}`;
  }

  #constant(value: unknown): string {
    if (typeof value === 'bigint') return `${value}n`;
    if (typeof value !== 'object' || value === null) return JSON.stringify(value);
    let index = this.constants.indexOf(value);
    if (index < 0) index = this.constants.push(value) - 1;
    return `$constant${index}`;
  }
}

function writeNull(field: Field, isCompact: boolean): string {
  if (field.kind === 'struct') return field.tag >= 0 ? '$w.int8(0);' : '$w.int8(-1);';
  if (isCompact) return '$w.int8(0);';
  return field.kind === 'string' ? '$w.int16(-1);' : '$w.int32(-1);';
}

/** Of each kind the expression that is true of a value that it cannot carry; undefined and null are such values, too. */
const refusals: { readonly [K in FixedKind]: (name: string) => string } = {
  bool: (name) => `${name} !== true && ${name} !== false`,
  int8: (name) => `${name} << 24 >> 24 !== ${name}`,
  int16: (name) => `${name} << 16 >> 16 !== ${name}`,
  uint16: (name) => `(${name} & 0xffff) !== ${name}`,
  int32: (name) => `(${name} | 0) !== ${name}`,
  uint32: (name) => `${name} >>> 0 !== ${name}`,
  int64: (name) => `Math.trunc(${name}) !== ${name} || ${name} > 0x8000000000000000 || ${name} < -0x8000000000000000`,
  bigint64: (name) => `typeof ${name} !== 'bigint' || BigInt.asIntN(64, ${name}) !== ${name}`,
  float64: (name) => `typeof ${name} !== 'number'`,
  uuid: (name) => `typeof ${name} !== 'string'`,
};

const fixedWrites: { readonly [K in FixedKind]: (at: string, name: string) => string } = {
  bool: (at, name) => `$w.view.setUint8(${at}, ${name} ? 1 : 0);`,
  int8: (at, name) => `$w.view.setInt8(${at}, ${name});`,
  int16: (at, name) => `$w.view.setInt16(${at}, ${name});`,
  uint16: (at, name) => `$w.view.setUint16(${at}, ${name});`,
  int32: (at, name) => `$w.view.setInt32(${at}, ${name});`,
  uint32: (at, name) => `$w.view.setUint32(${at}, ${name});`,
  int64: (at, name) => `$w.int64(${at}, ${name});`,
  bigint64: (at, name) => `$w.view.setBigInt64(${at}, ${name});`,
  float64: (at, name) => `$w.view.setFloat64(${at}, ${name});`,
  uuid: (at, name) => `$w.uuid(${at}, ${name});`,
};
