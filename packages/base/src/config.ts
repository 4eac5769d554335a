/**
 * The language of configuration tables: one line a key, read by the parser, the validation, DescribeConfigs, and the reference page.
 * Defaults stand as the text that Kafka prints for them, and `undefined` means that there is none.
 */
export type KeyType = 'boolean' | 'string' | 'int' | 'short' | 'long' | 'double' | 'list' | 'class' | 'password';
export type Importance = 'high' | 'medium' | 'low';
/** Who may change it while the broker runs: nobody, for one broker, or for one broker and all at once. */
export type DynamicMode = 'read-only' | 'per-broker' | 'cluster-wide';

/** Another key that decides where this one is not set; `factor` turns its hours or minutes into milliseconds. */
export interface Synonym {
  readonly name: string;
  readonly factor: number;
}

export interface KeyOptions {
  readonly importance?: Importance;
  readonly dynamic?: DynamicMode;
  readonly min?: number;
  readonly max?: number;
  /** Allowed although `min` and `max` leave it out. */
  readonly except?: number;
  readonly oneOf?: readonly string[];
  readonly anyCase?: boolean;
  readonly nonEmpty?: boolean;
  /** What is wrong with a text of the right type, as the end of a sentence; undefined for nothing. */
  readonly check?: (text: string) => string | undefined;
  readonly synonyms?: readonly Synonym[];
  /** Not one of Kafka's. */
  readonly own?: boolean;
}

export interface Key<T> extends KeyOptions {
  readonly type: KeyType;
  /** As text; null when there is none and none is needed. */
  readonly default: string | null;
  readonly importance: Importance;
  dynamic: DynamicMode;
  readonly synonyms: readonly Synonym[];
  readonly doc: string;
  /** Accepted, checked, and without effect yet. */
  inert: boolean;
  readonly own: boolean;
  /** Never there: carries the type of the value. */
  readonly value?: T;
}

export type KeyTable = Readonly<Record<string, Key<unknown>>>;
export type Values<T extends KeyTable> = { readonly [K in keyof T]: T[K] extends Key<infer V> ? V : never };

type Default = string | number | boolean | null;
/** A key whose default is null may have no value. */
type Valued<T, D extends Default> = Key<D extends null ? T | null : T>;

/** Where a text must be one of a few, the value's type says which. */
type Choice<O extends KeyOptions> = O extends { readonly oneOf: readonly (infer S)[]; readonly anyCase?: never }
  ? S
  : string;

export const int = <D extends number | null>(fallback: D, options: KeyOptions, doc: string): Valued<number, D> =>
  key('int', fallback, options, doc);
export const short = <D extends number | null>(fallback: D, options: KeyOptions, doc: string): Valued<number, D> =>
  key('short', fallback, options, doc);
/** The value is clamped to what a number holds exactly; the text stays as it was given. */
export const long = <D extends number | string | null>(
  fallback: D,
  options: KeyOptions,
  doc: string,
): Valued<number, D> => key('long', fallback, options, doc);
export const double = <D extends number | string | null>(
  fallback: D,
  options: KeyOptions,
  doc: string,
): Valued<number, D> => key('double', fallback, options, doc);
export const boolean = <D extends boolean | null>(fallback: D, options: KeyOptions, doc: string): Valued<boolean, D> =>
  key('boolean', fallback, options, doc);
export const string = <D extends string | null, const O extends KeyOptions>(
  fallback: D,
  options: O,
  doc: string,
): Valued<Choice<O>, D> => key('string', fallback, options, doc);
/** Values with commas between them. */
export const list = <D extends string | null>(
  fallback: D,
  options: KeyOptions,
  doc: string,
): Valued<readonly string[], D> => key('list', fallback, options, doc);
/** The name of a Java class, which can only be compared. */
export const className = <D extends string | null>(fallback: D, options: KeyOptions, doc: string): Valued<string, D> =>
  key('class', fallback, options, doc);
/** Never printed. */
export const password = <D extends string | null>(fallback: D, options: KeyOptions, doc: string): Valued<string, D> =>
  key('password', fallback, options, doc);

/** The largest number of Java's, which stands for "never" and "no limit". */
export const longMax = '9223372036854775807';
export const intMax = 2147483647;

/** Marks every key of a table as accepted without effect. */
export function inert<T extends KeyTable>(table: T): T {
  for (const name in table) table[name]!.inert = true;
  return table;
}

/** Marks every key of a table as one that may be changed at any time, as all of a topic's or a group's may. */
export function changeable<T extends KeyTable>(table: T): T {
  for (const name in table) table[name]!.dynamic = 'cluster-wide';
  return table;
}

const none: readonly Synonym[] = [];

function key<T>(type: KeyType, fallback: Default, options: KeyOptions, doc: string): Key<T> {
  return {
    importance: 'medium',
    dynamic: 'read-only',
    synonyms: none,
    inert: false,
    own: false,
    ...options,
    type,
    default: fallback === null ? null : String(fallback),
    doc,
  };
}
