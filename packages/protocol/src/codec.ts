/**
 * One message, from bytes and to bytes. In: a message of the tables, a version, and a place in a frame or an object. Out: the
 * object, or the bytes in a writer. The functions that do it are made on first use, once per message and version.
 */
import { DecodeError, EncodeError } from './codec-error.ts';
import { compileReader, type ReadMessage } from './compile-reader.ts';
import { compileWriter, type WriteMessage } from './compile-writer.ts';
import { interpretRead, interpretWrite } from './interpret.ts';
import { Reader } from './reader.ts';
import { includes, type Codec, type Message, type MessageInputOf, type MessageOf } from './schema.ts';
import { Writer } from './writer.ts';

/** Decoding is never interrupted, so one reader serves all. */
const shared = new Reader();

/**
 * Decodes the message that begins at `at`. Slices in it (`bytes`, `records`) lie in the frame. As in Kafka, bytes behind the
 * message are not looked at.
 */
export function decode<M extends Message>(message: M, version: number, frame: Uint8Array, at = 0): MessageOf<M> {
  return read(message, version, frame, at, false) as MessageOf<M>;
}

/** The same for a message that must fill the frame. */
export function decodeWhole<M extends Message>(message: M, version: number, frame: Uint8Array, at = 0): MessageOf<M> {
  return read(message, version, frame, at, true) as MessageOf<M>;
}

function read(message: Message, version: number, frame: Uint8Array, at: number, isWhole: boolean): unknown {
  try {
    shared.open(frame, at);
    const value = (codecOf(message, version, DecodeError).read ?? firstRead(message, version))(shared);
    if (isWhole && shared.at < shared.end) shared.fail(`${shared.end - shared.at} bytes follow`);
    return value;
  } catch (error) {
    throw error instanceof DecodeError ? explainedDecodeError(error, message, version, frame, at) : error;
  } finally {
    shared.close();
  }
}

/** The bytes of a message on its own. */
export function encode<M extends Message>(message: M, version: number, value: MessageInputOf<M>): Uint8Array {
  const writer = new Writer();
  write(writer, message, version, value);
  const chunks = writer.take();
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

/** Appends a message to a writer; when it is refused, the writer is as it was before. */
export function write<M extends Message>(writer: Writer, message: M, version: number, value: MessageInputOf<M>): void {
  const mark = writer.mark();
  try {
    (codecOf(message, version, EncodeError).write ?? firstWrite(message, version))(writer, value);
  } catch (error) {
    writer.rewind(mark);
    throw explainedEncodeError(error, message, version, value);
  }
}

type Failure = typeof DecodeError | typeof EncodeError;

function codecOf(message: Message, version: number, failure: Failure): Codec {
  return message.codecs[version] ?? newCodec(message, version, failure);
}

function newCodec(message: Message, version: number, failure: Failure): Codec {
  if (!includes(message.versions, version)) {
    const { since, until } = message.versions;
    throw new failure(`${message.name} has no version ${version}, only ${since} to ${until}`);
  }
  return (message.codecs[version] = { read: undefined, write: undefined });
}

function firstRead(message: Message, version: number): ReadMessage {
  const read = mayCompile
    ? compileReader(message, version)
    : (reader: Reader) => interpretRead(reader, message, version);
  return (codecOf(message, version, DecodeError).read = read);
}

function firstWrite(message: Message, version: number): WriteMessage {
  const write = mayCompile
    ? compileWriter(message, version)
    : (writer: Writer, value: object) => interpretWrite(writer, message, version, value);
  return (codecOf(message, version, EncodeError).write = write);
}

/** Compiled functions know no names; the walk over the same bytes does. */
function explainedDecodeError(
  error: DecodeError,
  message: Message,
  version: number,
  frame: Uint8Array,
  at: number,
): DecodeError {
  if (!includes(message.versions, version)) return error;
  const trail: string[] = [];
  const reader = new Reader();
  try {
    reader.open(frame, at);
    interpretRead(reader, message, version, trail);
    return new DecodeError(`${message.name} version ${version}: ${error.message}`);
  } catch (walked) {
    const reason = walked instanceof Error ? walked.message : String(walked);
    const where = `${message.name} version ${version}${trail.length > 0 ? `, ${trail.join('.')}` : ''}`;
    return new DecodeError(`${where}, byte ${reader.at - frame.byteOffset}: ${reason}`);
  }
}

function explainedEncodeError(error: unknown, message: Message, version: number, value: object): unknown {
  if (!includes(message.versions, version)) return error;
  const trail: string[] = [];
  try {
    interpretWrite(new Writer(), message, version, value, trail);
    return error;
  } catch (walked) {
    const reason = walked instanceof Error ? walked.message : String(walked);
    return new EncodeError(`${message.name} version ${version}, ${trail.join('.')}: ${reason}`);
  }
}

const mayCompile = canCompile();

function canCompile(): boolean {
  try {
    // oxlint-disable-next-line no-new-func, typescript/no-implied-eval
    return new Function('return true')() as boolean;
  } catch {
    return false;
  }
}
