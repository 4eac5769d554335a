/**
 * The same tables with every offset as a bigint, exact in all its 64 bits: for clients, who may meet any offset there is. A broker's own
 * offsets stay far below 2^53.
 */
import { apis, type ApiName, type Apis, type RequestInput, type Response } from './apis.ts';
import { message, type Api, type Field, type Message, type Shape } from './schema.ts';

/** What offsets are called in the APIs of clients. */
const offsetNames = [
  'startOffset',
  'lastOffset',
  'firstOffset',
  'committedOffset',
  'offset',
  'logStartOffset',
  'endOffset',
  'highWatermark',
  'lowWatermark',
  'logEndOffset',
  'lastStableOffset',
  'fetchOffset',
  'currentTxnStartOffset',
  'baseOffset',
] as const;

type OffsetName = (typeof offsetNames)[number];
const names: ReadonlySet<string> = new Set(offsetNames);

/** The same type with bigints where offsets are. */
export type WithExactOffsets<T> = T extends Uint8Array
  ? T
  : T extends readonly (infer E)[]
    ? readonly WithExactOffsets<E>[]
    : T extends object
      ? { readonly [K in keyof T]: K extends OffsetName ? Exact<T[K]> : WithExactOffsets<T[K]> }
      : T;

type Exact<T> = T extends number ? bigint : WithExactOffsets<T>;

export type ExactRequestInput<K extends ApiName> = WithExactOffsets<RequestInput<K>>;
export type ExactResponse<K extends ApiName> = WithExactOffsets<Response<K>>;

const made = new Map<ApiName, Api>();

/** `encodeRequest` and `decodeResponse` take it as any other. */
export function apiWithExactOffsets<K extends ApiName>(name: K): Apis[K] {
  let api = made.get(name);
  if (api === undefined) {
    const plain: Api = apis[name];
    api = { ...plain, request: exactMessage(plain.request), response: exactMessage(plain.response) };
    made.set(name, api);
  }
  return api as Apis[K];
}

function exactMessage({ name, versions: { since, until }, flexibleSince, shape }: Message): Message {
  return message(name, `${since}-${until}`, flexibleSince, exactShape(shape));
}

function exactShape(shape: Shape): Shape {
  return Object.fromEntries(Object.entries(shape).map(([name, field]) => [name, exactField(name, field)]));
}

function exactField(name: string, field: Field): Field {
  const { kind, fallback, element, shape } = field;
  if (kind === 'int64' && names.has(name))
    return { ...field, kind: 'bigint64', fallback: BigInt.asIntN(64, atMost63Bits(BigInt(fallback as number))) };
  return {
    ...field,
    element: element === undefined ? undefined : exactField(name, element),
    shape: shape === undefined ? undefined : exactShape(shape),
  };
}

/** A number stands for the largest int64 with one too many. */
const atMost63Bits = (value: bigint): bigint => (value === 2n ** 63n ? value - 1n : value);
