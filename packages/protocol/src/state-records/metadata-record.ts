/**
 * Records of `__cluster_metadata`: the version of the frame (1), the id of the record and its version, each an unsigned
 * varint, then the body. They have no key.
 */
import { decodeWhole, write } from '../codec.ts';
import { DecodeError } from '../codec-error.ts';
import { Reader } from '../reader.ts';
import { message, type Decoded, type Input, type Message, type Shape, type VersionText } from '../schema.ts';
import { Writer } from '../writer.ts';

export interface MetadataRecord<N extends string = string, S extends Shape = Shape> {
  readonly id: number;
  readonly name: N;
  readonly body: Message<S>;
}

export function metadataRecord<const N extends string, const S extends Shape>(
  id: number,
  name: N,
  versions: VersionText,
  shape: S,
): MetadataRecord<N, S> {
  return { id, name, body: message(name, versions, 0, shape) };
}

/** A decoded record, told from the others by `name`. */
interface DecodedMetadataRecord<N extends string, V> {
  readonly name: N;
  readonly version: number;
  readonly value: V;
}

export type DecodedMetadataRecordOf<R extends MetadataRecord> =
  R extends MetadataRecord<infer N, infer S> ? DecodedMetadataRecord<N, Decoded<S>> : never;

export type MetadataInputOf<R extends MetadataRecord> = R extends MetadataRecord<string, infer S> ? Input<S> : never;

/** As in Kafka every byte must belong to the record, and an unknown one is an error: state must not be guessed. */
export function decodeFromTable<R extends MetadataRecord>(
  byId: ReadonlyMap<number, R>,
  bytes: Uint8Array,
): DecodedMetadataRecordOf<R> {
  const reader = new Reader();
  reader.open(bytes, 0);
  const frameVersion = reader.unsignedVarint();
  if (frameVersion !== 1) throw new DecodeError(`a metadata record has the unknown frame version ${frameVersion}`);
  const id = reader.unsignedVarint();
  const version = reader.unsignedVarint();
  const record = byId.get(id);
  if (record === undefined) throw new DecodeError(`a metadata record has the unknown id ${id}`);
  const value = decodeWhole(record.body, version, bytes, reader.at - bytes.byteOffset);
  return { name: record.name, version, value } as unknown as DecodedMetadataRecordOf<R>;
}

export function encodeMetadataRecord<R extends MetadataRecord>(
  record: R,
  version: number,
  value: MetadataInputOf<R>,
): Uint8Array {
  const writer = new Writer();
  writer.unsignedVarint(1);
  writer.unsignedVarint(record.id);
  writer.unsignedVarint(version);
  write(writer, record.body, version, value);
  return writer.take()[0]!;
}
