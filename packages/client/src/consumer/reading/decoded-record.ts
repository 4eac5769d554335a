/** Records with keys and values as a topic's serdes read them. In: a record of bytes. Out: the same with what they mean. */
import { ClientError } from '../../error.ts';
import type { Serde, SerdePlace, TopicSerdes } from '../../serdes/serde.ts';
import type { RecordDecoder } from '../fetch/cursor.ts';
import type { FetchedRecord } from './fetched-record.ts';
import type { AnyRecord } from './handed-slice.ts';
import { RecordAround } from './record-around.ts';

class DecodedRecord extends RecordAround<FetchedRecord> {
  readonly key: unknown;
  readonly value: unknown;

  constructor(record: FetchedRecord, key: unknown, value: unknown) {
    super(record);
    this.key = key;
    this.value = value;
  }

  get storedKey(): Buffer | null {
    return this.inner.key;
  }

  /** What the serdes made stays as it is. */
  copy(): DecodedRecord {
    return new DecodedRecord(this.inner.copy(), this.key, this.value);
  }
}

export function decoderOf(topic: string, { key, value }: TopicSerdes): RecordDecoder {
  const keyPlace = { topic, isKey: true };
  const valuePlace = { topic, isKey: false };
  return (record) => {
    try {
      const decodedKey = decoded(key, record.key, keyPlace);
      const decodedValue = decoded(value, record.value, valuePlace);
      if (!isSoon(decodedKey) && !isSoon(decodedValue)) return new DecodedRecord(record, decodedKey, decodedValue);
      return Promise.all([decodedKey, decodedValue]).then(
        ([soonKey, soonValue]) => new DecodedRecord(record, soonKey, soonValue),
        (error: unknown) => refuse(record, error),
      );
    } catch (error) {
      return refuse(record, error);
    }
  };
}

/** Its key as it stands in the log. */
export function storedKeyOf(record: AnyRecord): Buffer | undefined {
  const key = record instanceof DecodedRecord ? record.storedKey : record.key;
  return Buffer.isBuffer(key) ? key : undefined;
}

function decoded(serde: Serde<unknown> | undefined, bytes: Buffer | null, place: SerdePlace): unknown {
  return serde === undefined || bytes === null ? bytes : serde.deserialize(bytes, place);
}

const isSoon = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';

function refuse({ topic, partition, offset }: FetchedRecord, error: unknown): never {
  const reason = error instanceof Error ? error.message : String(error);
  const text = `The record at ${topic}-${partition}, offset ${offset}, cannot be read: ${reason} Seek to ${offset + 1n} to leave it out.`;
  throw new ClientError('SERIALIZATION', text, { cause: error });
}
