/**
 * Records of the coordinators' topics (`__consumer_offsets`, `__transaction_state`, `__share_group_state`). The key is an int16 with
 * the type of the record and then its body, the value an int16 with its version and then its body; a record without a value
 * means that what it keyed is gone.
 */
import { decode, write } from '../codec.ts';
import { DecodeError } from '../codec-error.ts';
import { message, never, type Decoded, type Input, type Message, type Shape, type VersionText } from '../schema.ts';
import { Writer } from '../writer.ts';

export interface CoordinatorRecord<N extends string = string, K extends Shape = Shape, V extends Shape = Shape> {
  readonly type: number;
  readonly name: N;
  readonly key: Message<K>;
  readonly value: Message<V>;
}

export function coordinatorRecord<const N extends string, const K extends Shape, const V extends Shape>(
  type: number,
  name: N,
  key: K,
  valueVersions: VersionText,
  valueFlexibleSince: number,
  value: V,
): CoordinatorRecord<N, K, V> {
  return {
    type,
    name,
    key: message(`${name}Key`, '0', never, key),
    value: message(`${name}Value`, valueVersions, valueFlexibleSince, value),
  };
}

/** A decoded record, told from the others of its topic by `name`. `value` is null where it says that the thing is gone. */
interface DecodedRecord<N extends string, K, V> {
  readonly name: N;
  readonly key: K;
  readonly value: V | null;
}

export type DecodedRecordOf<R extends CoordinatorRecord> =
  R extends CoordinatorRecord<infer N, infer K, infer V> ? DecodedRecord<N, Decoded<K>, Decoded<V>> : never;

export type KeyInputOf<R extends CoordinatorRecord> = R extends CoordinatorRecord<string, infer K> ? Input<K> : never;
export type ValueInputOf<R extends CoordinatorRecord> =
  R extends CoordinatorRecord<string, Shape, infer V> ? Input<V> : never;

/** `undefined` when the table has no such type: a newer broker wrote it. */
export function decodeCoordinatorRecord<R extends CoordinatorRecord>(
  table: readonly R[],
  key: Uint8Array,
  value: Uint8Array | null,
): DecodedRecordOf<R> | undefined {
  const type = int16(key);
  const record = table.find((candidate) => candidate.type === type);
  if (record === undefined) return undefined;
  const decoded = {
    name: record.name,
    key: decode(record.key, 0, key, 2),
    value: value === null ? null : decode(record.value, int16(value), value, 2),
  };
  return decoded as unknown as DecodedRecordOf<R>;
}

export function encodeCoordinatorKey<R extends CoordinatorRecord>(record: R, key: KeyInputOf<R>): Uint8Array {
  return prefixed(record.type, record.key, 0, key);
}

export function encodeCoordinatorValue<R extends CoordinatorRecord>(
  record: R,
  version: number,
  value: ValueInputOf<R>,
): Uint8Array {
  return prefixed(version, record.value, version, value);
}

/** Many small records are written in a row; what was taken from a writer stays untouched. */
const sharedWriter = new Writer();

function prefixed(prefix: number, message: Message, version: number, value: object): Uint8Array {
  try {
    sharedWriter.int16(prefix);
    write(sharedWriter, message, version, value as Readonly<Record<string, unknown>>);
  } catch (error) {
    sharedWriter.take();
    throw error;
  }
  return sharedWriter.take()[0]!;
}

function int16(bytes: Uint8Array): number {
  if (bytes.length < 2) throw new DecodeError(`a coordinator record of ${bytes.length} bytes has no type or version`);
  return ((bytes[0]! << 24) >> 16) | bytes[1]!;
}
