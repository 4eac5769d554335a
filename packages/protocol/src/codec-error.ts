/** Bytes that are not the message they should be. The sentence names the message, its version, the field and the byte. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

/** A value that the message cannot carry at this version: wrong type, out of range, or in a field the version lacks. */
export class EncodeError extends Error {
  override readonly name = 'EncodeError';
}
