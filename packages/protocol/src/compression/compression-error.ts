/** corrupt: the bytes are not what the codec says. too-large: they would grow beyond the limit. unsupported: no such codec, or no way to use it. */
export type CompressionFault = 'corrupt' | 'too-large' | 'unsupported';

/** What compressing or decompressing throws, and nothing else. */
export class CompressionError extends Error {
  override readonly name = 'CompressionError';
  readonly fault: CompressionFault;

  constructor(fault: CompressionFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}

export const corruptBytes = (codec: string, what: string, options?: ErrorOptions): CompressionError =>
  new CompressionError('corrupt', `The ${codec} bytes are damaged: ${what}.`, options);

export const tooLarge = (codec: string, bytesMax: number): CompressionError =>
  new CompressionError('too-large', `The ${codec} bytes would grow beyond ${bytesMax} bytes.`);
