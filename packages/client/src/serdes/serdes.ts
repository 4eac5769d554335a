/** The serdes of single values. Numbers are big-endian, as Java's serializers write them. */
import { ClientError } from '../error.ts';
import type { Serde, SerdePlace } from './serde.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const strings: Serde<string> = {
  serialize: (value, at) => (typeof value === 'string' ? value : refuse(at, `${typeof value} is not a string`)),
  deserialize(bytes, at) {
    try {
      return utf8.decode(bytes);
    } catch (error) {
      return refuse(at, 'the bytes are not UTF-8', error);
    }
  },
};

export const bytes: Serde<Uint8Array> = {
  serialize: (value, at) => (value instanceof Uint8Array ? value : refuse(at, 'it is not a Uint8Array')),
  deserialize: (read) => read,
};

export const int32s: Serde<number> = fixed(
  4,
  (view, value) => view.setInt32(0, value),
  (view) => view.getInt32(0),
  (value) => Number.isInteger(value) && value >= -0x8000_0000 && value < 0x8000_0000,
);

export const int64s: Serde<bigint> = fixed(
  8,
  (view, value) => view.setBigInt64(0, value),
  (view) => view.getBigInt64(0),
  (value) => typeof value === 'bigint' && BigInt.asIntN(64, value) === value,
);

export const floats: Serde<number> = fixed(
  4,
  (view, value) => view.setFloat32(0, value),
  (view) => view.getFloat32(0),
  (value) => typeof value === 'number',
);

export const doubles: Serde<number> = fixed(
  8,
  (view, value) => view.setFloat64(0, value),
  (view) => view.getFloat64(0),
  (value) => typeof value === 'number',
);

/** As text, like Java's: 36 letters. */
export const uuids: Serde<string> = {
  serialize: (value, at) => (isUuid(value) ? value : refuse(at, `"${String(value)}" is not a UUID`)),
  deserialize(read, at) {
    const text = Buffer.from(read.buffer, read.byteOffset, read.length).toString('latin1');
    return isUuid(text) ? text : refuse(at, 'the bytes are not a UUID');
  },
};

const isUuid = (text: unknown): text is string =>
  typeof text === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);

function fixed<T>(
  size: number,
  write: (view: DataView, value: T) => void,
  read: (view: DataView) => T,
  fits: (value: T) => boolean,
): Serde<T> {
  return {
    serialize(value, at) {
      if (!fits(value)) return refuse(at, `${String(value)} does not fit into its ${size} bytes`);
      const written = new Uint8Array(size);
      write(new DataView(written.buffer), value);
      return written;
    },
    deserialize(given, at) {
      if (given.length !== size) return refuse(at, `it has ${given.length} bytes, not ${size}`);
      return read(new DataView(given.buffer, given.byteOffset, size));
    },
  };
}

/** `what` ends the sentence. */
export function refuse({ topic, isKey }: SerdePlace, what: string, cause?: unknown): never {
  const noun = isKey ? 'key' : 'value';
  throw new ClientError('SERIALIZATION', `The ${noun} of a record of "${topic}" cannot be taken: ${what}.`, { cause });
}
