/**
 * The language in which every message is declared: a field is plain data plus a type that only the compiler sees.
 *
 *     const heartbeat = api(12, 'Heartbeat', '0-4', 4, {
 *       groupId: string(),
 *       groupInstanceId: nullable(string('3+', { default: null })),
 *     }, { throttleTimeMs: int32('1+', { ignorable: true }), errorCode: int16() });
 *
 * Versions come first, then options, then what the field is made of. A field without versions is in every version
 * of what contains it. Whoever encodes may leave out any field that carries versions, a default or a tag.
 */

import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

export type Kind =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'bigint64'
  | 'float64'
  | 'string'
  | 'bytes'
  | 'uuid'
  | 'records'
  | 'array'
  | 'struct';

/** `until` is Infinity where there is no end; `since` is Infinity where there is no beginning. */
export interface Versions {
  readonly since: number;
  readonly until: number;
}

/** '3+', '0-12' or a single '5'. */
export type VersionText = `${number}+` | `${number}-${number}` | `${number}`;

declare const decoded: unique symbol;
declare const input: unique symbol;
declare const omissible: unique symbol;

/** `T` is what decoding gives, `I` what encoding accepts, `O` whether whoever encodes may leave it out. */
export interface Field<T = unknown, I = unknown, O extends boolean = boolean> {
  readonly kind: Kind;
  readonly versions: Versions;
  readonly nullable: Versions;
  /** -1 where the field is not tagged. */
  readonly tag: number;
  /** What the field is in a version that lacks it; `undefined` for a struct whose every field has its own default. */
  readonly fallback: unknown;
  /** A value that the version cannot carry is dropped instead of refused. */
  readonly ignorable: boolean;
  /** False: the old length prefix even in flexible versions. */
  readonly compact: boolean;
  /** Of an array. */
  readonly element: Field | undefined;
  /** Of a struct. */
  readonly shape: Shape | undefined;
  readonly [decoded]?: T;
  readonly [input]?: I;
  readonly [omissible]?: O;
}

export type Shape = { readonly [name: string]: Field };

/** What decoding gives: every field, whatever the version. */
export type Decoded<S extends Shape> = { readonly [K in keyof S]: S[K] extends Field<infer T> ? T : never };

/** What encoding accepts. */
export type Input<S extends Shape> = Flat<
  { readonly [K in keyof S as S[K] extends Omissible ? never : K]: InputOf<S[K]> } & {
    readonly [K in keyof S as S[K] extends Omissible ? K : never]?: InputOf<S[K]> | undefined;
  }
>;

type Omissible = Field<unknown, unknown, true>;
type InputOf<F> = F extends Field<unknown, infer I> ? I : never;
type Flat<T> = { [K in keyof T]: T[K] };

export interface FieldOptions<T> {
  /** Written into the tag section of flexible versions, and only when it differs from the default. */
  readonly tag?: number;
  /** Null needs a field that is nullable. */
  readonly default?: T | null;
  readonly ignorable?: true;
  readonly compact?: false;
}

export interface Scalar<T, I = T> {
  (): Field<T, I, false>;
  (versions: VersionText, options?: FieldOptions<T>): Field<T, I, true>;
  (options: FieldOptions<T>): Field<T, I, true>;
}

/** 16 bytes, as Kafka prints them: base64url in 22 characters. */
export const zeroUuid = 'AAAAAAAAAAAAAAAAAAAAAA';
/** The largest int64 as a number; encoded exactly as that, although a number cannot hold it. */
export const int64Max: number = 2 ** 63;

const noBytes = Buffer.alloc(0);
const noElements: readonly never[] = Object.freeze([]);
const everyVersion: Versions = { since: 0, until: Infinity };
const noVersion: Versions = { since: Infinity, until: -1 };

export const bool: Scalar<boolean> = scalar('bool', false);
export const int8: Scalar<number> = scalar('int8', 0);
export const int16: Scalar<number> = scalar('int16', 0);
export const uint16: Scalar<number> = scalar('uint16', 0);
export const int32: Scalar<number> = scalar('int32', 0);
export const uint32: Scalar<number> = scalar('uint32', 0);
export const int64: Scalar<number> = scalar('int64', 0);
/** An int64 whose every bit counts: a hash, not a number that is reckoned with. */
export const bigint64: Scalar<bigint> = scalar('bigint64', 0n);
export const float64: Scalar<number> = scalar('float64', 0);
export const string: Scalar<string> = scalar('string', '');
export const bytes: Scalar<Buffer, Uint8Array> = scalar<Buffer, Uint8Array>('bytes', noBytes);
export const uuid: Scalar<string> = scalar('uuid', zeroUuid);
/** Record batches: a slice of the frame when decoded, passed on without a copy when encoded. */
export const records: Scalar<Buffer, Uint8Array | readonly Uint8Array[]> = scalar<
  Buffer,
  Uint8Array | readonly Uint8Array[]
>('records', null);

type ElementOf<E> = E extends Field<infer T> ? T : E extends Shape ? Decoded<E> : never;
type ElementInputOf<E> = E extends Field<unknown, infer I> ? I : E extends Shape ? Input<E> : never;
type ArrayField<E, O extends boolean> = Field<readonly ElementOf<E>[], readonly ElementInputOf<E>[], O>;
type ArrayOptions = FieldOptions<readonly never[]>;

/** An array of a scalar, `arrayOf(int32())`, or of structs, `arrayOf({ name: string() })`. */
export function arrayOf<const E extends Field | Shape>(of: E): ArrayField<E, false>;
export function arrayOf<const E extends Field | Shape>(first: VersionText | ArrayOptions, of: E): ArrayField<E, true>;
export function arrayOf<const E extends Field | Shape>(
  versions: VersionText,
  options: ArrayOptions,
  of: E,
): ArrayField<E, true>;
export function arrayOf(...parts: readonly unknown[]): Field {
  const of = parts[parts.length - 1] as Field | Shape;
  const element = isField(of) ? of : struct(of);
  return field('array', noElements, parts.slice(0, -1), element, undefined);
}

type StructOptions = FieldOptions<never>;

export function struct<const S extends Shape>(shape: S): Field<Decoded<S>, Input<S>, false>;
export function struct<const S extends Shape>(
  first: VersionText | StructOptions,
  shape: S,
): Field<Decoded<S>, Input<S>, true>;
export function struct<const S extends Shape>(
  versions: VersionText,
  options: StructOptions,
  shape: S,
): Field<Decoded<S>, Input<S>, true>;
export function struct(...parts: readonly unknown[]): Field {
  return field('struct', undefined, parts.slice(0, -1), undefined, parts[parts.length - 1] as Shape);
}

/** The field may be null in all its versions, or in those given. */
export function nullable<T, I, O extends boolean>(of: Field<T, I, O>): Field<T | null, I | null, O>;
export function nullable<T, I, O extends boolean>(
  versions: VersionText,
  of: Field<T, I, O>,
): Field<T | null, I | null, O>;
export function nullable(first: VersionText | Field, second?: Field): Field {
  return typeof first === 'string'
    ? { ...second!, nullable: parseVersions(first) }
    : { ...first, nullable: everyVersion };
}

/** A message on its own: one half of an API, a header, or the body of a stored record. */
export interface Message<S extends Shape = Shape> {
  readonly name: string;
  readonly versions: Versions;
  /** The first version with compact lengths and tags, Infinity when there is none. */
  readonly flexibleSince: number;
  readonly shape: S;
  /** The codec of each version, filled on first use by `codec.ts`. */
  readonly codecs: Codec[];
}

export interface Codec {
  read: ((reader: Reader) => unknown) | undefined;
  write: ((writer: Writer, value: object) => void) | undefined;
}

export type MessageOf<M extends Message> = M extends Message<infer S> ? Decoded<S> : never;
export type MessageInputOf<M extends Message> = M extends Message<infer S> ? Input<S> : never;

/** For a message without flexible versions. */
export const never: number = Infinity;

export function message<const S extends Shape>(
  name: string,
  versions: VersionText,
  flexibleSince: number,
  shape: S,
): Message<S> {
  return { name, versions: parseVersions(versions), flexibleSince, shape, codecs: [] };
}

/** Whose port serves an API. */
export type ApiListener = 'broker' | 'controller';

export interface Api<N extends string = string, Q extends Shape = Shape, A extends Shape = Shape> {
  readonly key: number;
  readonly name: N;
  readonly versions: Versions;
  readonly flexibleSince: number;
  readonly request: Message<Q>;
  readonly response: Message<A>;
  readonly listeners: readonly ApiListener[];
  /** Kafka offers the newest version only when told to use unstable ones. */
  readonly latestVersionUnstable: boolean;
}

export interface ApiExtras {
  /** The broker alone when left out. */
  readonly listeners?: readonly ApiListener[];
  readonly latestVersionUnstable?: boolean;
}

export type RequestOf<A extends Api> = A extends Api<string, infer Q> ? Decoded<Q> : never;
export type RequestInputOf<A extends Api> = A extends Api<string, infer Q> ? Input<Q> : never;
export type ResponseOf<A extends Api> = A extends Api<string, Shape, infer R> ? Decoded<R> : never;
export type ResponseInputOf<A extends Api> = A extends Api<string, Shape, infer R> ? Input<R> : never;

const brokerOnly: readonly ApiListener[] = ['broker'];

/** Request and response share their versions and the first flexible one. */
export function api<const N extends string, const Q extends Shape, const A extends Shape>(
  key: number,
  name: N,
  versions: VersionText,
  flexibleSince: number,
  request: Q,
  response: A,
  extras: ApiExtras = {},
): Api<N, Q, A> {
  return {
    key,
    name,
    versions: parseVersions(versions),
    flexibleSince,
    request: message(`${name}Request`, versions, flexibleSince, request),
    response: message(`${name}Response`, versions, flexibleSince, response),
    listeners: extras.listeners ?? brokerOnly,
    latestVersionUnstable: extras.latestVersionUnstable ?? false,
  };
}

export function includes(versions: Versions, version: number): boolean {
  return version >= versions.since && version <= versions.until;
}

function scalar<T, I>(kind: Kind, fallback: T | null): Scalar<T, I> {
  const plain = field(kind, fallback, [], undefined, undefined);
  const make = (...parts: readonly unknown[]): Field =>
    parts.length === 0 ? plain : field(kind, fallback, parts, undefined, undefined);
  return make as Scalar<T, I>;
}

/** `parts` are the versions, the options, both in this order, or neither. */
function field(
  kind: Kind,
  fallback: unknown,
  parts: readonly unknown[],
  element: Field | undefined,
  shape: Shape | undefined,
): Field {
  const versions = typeof parts[0] === 'string' ? parseVersions(parts[0]) : everyVersion;
  const options = (typeof parts[0] === 'string' ? parts[1] : parts[0]) as FieldOptions<unknown> | undefined;
  return {
    kind,
    versions,
    nullable: noVersion,
    tag: options?.tag ?? -1,
    fallback: options?.default === undefined ? fallback : options.default,
    ignorable: options?.ignorable ?? false,
    compact: options?.compact ?? true,
    element,
    shape,
  };
}

function isField(of: Field | Shape): of is Field {
  return typeof of.kind === 'string';
}

const parsed = new Map<string, Versions>();

function parseVersions(text: string): Versions {
  let versions = parsed.get(text);
  if (versions === undefined) {
    const [since, until] = text.split('-');
    versions = text.endsWith('+')
      ? { since: Number(text.slice(0, -1)), until: Infinity }
      : { since: Number(since), until: Number(until ?? since) };
    parsed.set(text, versions);
  }
  return versions;
}
