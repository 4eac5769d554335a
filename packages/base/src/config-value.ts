import type { Key, KeyTable, Values } from './config.ts';
import { MillraceError } from './error.ts';

export type ConfigValue = number | string | boolean | readonly string[] | null;

/**
 * Reads every key of the table from the texts, where there is one, else from its default.
 * Throws `MillraceError` CONFIG at the first that cannot be. Texts without a key in the table are not looked at.
 */
export function configure<T extends KeyTable>(table: T, texts: ReadonlyMap<string, string>): Values<T> {
  const values: Record<string, unknown> = {};
  for (const name in table) values[name] = readValue(name, table[name]!, texts.get(name));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a key's type says what `parse` makes of its text
  return values as Values<T>;
}

/** One value; the default where `text` is undefined. Throws `MillraceError` CONFIG. */
export function readValue<T>(name: string, key: Key<T>, text: string | undefined): T {
  if (text !== undefined) {
    const fault = valueFault(name, key, text);
    if (fault !== undefined) throw new MillraceError('CONFIG', fault);
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
  return parse(key, text ?? key.default) as T;
}

/** What is wrong with the text as a value of the key, in the words that tools for Kafka know; undefined for nothing. */
export function valueFault(name: string, key: Key<unknown>, text: string): string | undefined {
  const trimmed = text.trim();
  const what = typeFault(key, trimmed) ?? rangeFault(key, trimmed) ?? choiceFault(key, trimmed) ?? key.check?.(trimmed);
  if (what === undefined) return undefined;
  return `Invalid value ${key.type === 'password' ? '[hidden]' : trimmed} for configuration ${name}: ${what}`;
}

function parse({ type }: Key<unknown>, text: string | null): ConfigValue {
  if (text === null) return null;
  const trimmed = text.trim();
  if (type === 'boolean') return trimmed.toLowerCase() === 'true';
  if (type === 'list') return splitList(trimmed);
  if (type === 'long') return Math.max(Math.min(Number(trimmed), Number.MAX_SAFE_INTEGER), Number.MIN_SAFE_INTEGER);
  return type === 'int' || type === 'short' || type === 'double' ? Number(trimmed) : trimmed;
}

/** Commas with or without blanks around them; an empty text is an empty list. */
export function splitList(text: string): string[] {
  return text.trim() === '' ? [] : text.trim().split(/\s*,\s*/);
}

const signBits = new Map<string, bigint>([
  ['short', 15n],
  ['int', 31n],
  ['long', 63n],
]);

function typeFault({ type }: Key<unknown>, text: string): string | undefined {
  if (type === 'boolean') return /^(true|false)$/i.test(text) ? undefined : 'Expected value to be either true or false';
  if (type === 'double')
    return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? undefined : 'Not a number of type DOUBLE';
  const bits = signBits.get(type);
  if (bits === undefined) return undefined;
  if (!/^[+-]?\d{1,20}$/.test(text)) return `Not a number of type ${type.toUpperCase()}`;
  const number = BigInt(text.startsWith('+') ? text.slice(1) : text);
  const bound = 2n ** bits;
  return number >= -bound && number < bound ? undefined : `Not a number of type ${type.toUpperCase()}`;
}

function rangeFault(key: Key<unknown>, text: string): string | undefined {
  const { min, max, except } = key;
  if (min === undefined && max === undefined) return undefined;
  const number = Number(text);
  if (number === except) return undefined;
  const or = except === undefined ? '' : `, or ${except}`;
  if (min !== undefined && number < min) return `Value must be at least ${min}${or}`;
  return max !== undefined && number > max ? `Value must be no more than ${max}${or}` : undefined;
}

function choiceFault(key: Key<unknown>, text: string): string | undefined {
  if (key.nonEmpty && text === '') return 'String must be non-empty';
  const { oneOf } = key;
  if (oneOf === undefined) return undefined;
  for (const word of key.type === 'list' ? splitList(text) : [text]) {
    const isAllowed =
      oneOf.includes(word) || (key.anyCase && oneOf.some((choice) => choice.toLowerCase() === word.toLowerCase()));
    if (!isAllowed) return `String must be one of: ${oneOf.join(', ')}`;
  }
  return undefined;
}
