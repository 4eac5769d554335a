import { DecodeError } from './codec-error.ts';
import { decode, write } from './codec.ts';
import type { Message, MessageInputOf, MessageOf } from './schema.ts';
import { Writer } from './writer.ts';

/** A message behind an int16 with its version: how consumers put theirs into JoinGroup, and brokers principals into Envelope. */
export function encodeVersioned<M extends Message>(message: M, version: number, value: MessageInputOf<M>): Uint8Array {
  const writer = new Writer();
  writer.int16(version);
  write(writer, message, version, value);
  return writer.take()[0]!;
}

/** A version newer than ours is read as our newest, as Kafka does: later versions only add behind. */
export function decodeVersioned<M extends Message>(message: M, bytes: Uint8Array): MessageOf<M> {
  if (bytes.length < 2) throw new DecodeError(`${message.name}: ${bytes.length} bytes hold no version`);
  const version = ((bytes[0]! << 24) >> 16) | bytes[1]!;
  return decode(message, Math.min(version, message.versions.until), bytes, 2);
}
