/**
 * JSON, with or without a schema of any library that speaks Standard Schema (zod, valibot, arktype). With one, what is sent is checked and
 * written as it was given, and what is read is what the schema makes of that: with its defaults, conversions, and without what it leaves
 * out. Were that written, a schema that converts could not read it again.
 */
import { refuse } from './serdes.ts';
import type { Serde, SerdePlace } from './serde.ts';

/** https://standardschema.dev, as far as it is needed here. */
export interface StandardSchema<Input, Output> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Without a schema the type is the caller's word for it. */
export function json<T>(): Serde<T>;
export function json<Input, Output>(schema: StandardSchema<Input, Output>): Serde<Input, Output>;
export function json(schema?: StandardSchema<unknown, unknown>): Serde<unknown> {
  if (schema === undefined) return { serialize: write, deserialize: read };
  return {
    serialize: (value, at) => after(checked(schema, value, at), () => write(value, at)),
    deserialize: (bytes, at) => checked(schema, read(bytes, at), at),
  };
}

function write(value: unknown, at: SerdePlace): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    refuse(at, `it cannot be written as JSON (${error instanceof Error ? error.message : String(error)})`, error);
  }
  return text ?? refuse(at, `${typeof value} cannot be written as JSON`);
}

function read(bytes: Uint8Array, at: SerdePlace): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString());
  } catch (error) {
    return refuse(at, `it is not JSON (${error instanceof Error ? error.message : String(error)})`, error);
  }
}

function checked<T>(schema: StandardSchema<unknown, T>, value: unknown, at: SerdePlace): T | Promise<T> {
  return after(schema['~standard'].validate(value), (result) => {
    if (result.issues === undefined) return result.value;
    return refuse(at, `its schema says ${result.issues.map(issueText).join('; ')}`, result.issues);
  });
}

function issueText({ message, path = [] }: SchemaIssue): string {
  if (path.length === 0) return message;
  const names = path.map((part) => String(typeof part === 'object' ? part.key : part));
  return `${names.join('.')}: ${message}`;
}

function after<T, R>(value: T | Promise<T>, next: (value: T) => R): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}
