/**
 * Bytes from a server → whole answers, each in memory of its own. In: what a read put into `buffer()`. Out: `answer(frame)`, without its
 * length field; the frame belongs to whoever gets it, so that records can be slices of it for as long as somebody holds them.
 *
 * Small answers are cut out of a read that all connections share. The rest of a large one is read straight into its own buffer, which is
 * made as large as declared only up to `trustedBytes` and grows with what arrives beyond that.
 */
export interface AnswerSink {
  answer(frame: Buffer): void;
  /** A length that is negative or over the limit: the stream cannot be followed any further. */
  refused(declaredBytes: number): void;
}

const sharedBytes = 256 << 10;
let shared: Buffer | undefined;

const trustedBytes = 4 << 20;
const lengthBytes = 4;

export class AnswerFrames {
  readonly #sink: AnswerSink;
  readonly #frameBytesMax: number;
  /** What has come of the length field of the next frame. */
  readonly #head = Buffer.alloc(lengthBytes);
  #headBytes = 0;
  #body: Buffer | undefined;
  #bodyBytes = 0;
  #declared = 0;

  constructor(sink: AnswerSink, frameBytesMax: number) {
    this.#sink = sink;
    this.#frameBytesMax = frameBytesMax;
  }

  /** Bytes of memory that wait here for the rest of their frame. */
  get heldBytes(): number {
    return this.#body?.length ?? 0;
  }

  /** Where the next read goes. */
  buffer(): Buffer {
    const body = this.#body;
    if (body === undefined) return (shared ??= Buffer.allocUnsafeSlow(sharedBytes));
    return body.subarray(this.#bodyBytes);
  }

  /** `count` bytes were read into `buffer()`. False: the stream is refused and must be closed. */
  received(count: number): boolean {
    if (this.#body === undefined) return this.#parse(shared!, count);
    this.#bodyBytes += count;
    this.#settle();
    return true;
  }

  release(): void {
    this.#body = undefined;
    this.#headBytes = 0;
  }

  #parse(bytes: Buffer, end: number): boolean {
    let at = 0;
    while (at < end) {
      while (this.#headBytes < lengthBytes && at < end) this.#head[this.#headBytes++] = bytes[at++]!;
      if (this.#headBytes < lengthBytes) return true;
      const length = this.#head.readInt32BE(0);
      if (length < 0 || length > this.#frameBytesMax) {
        this.#sink.refused(length);
        return false;
      }
      this.#headBytes = 0;
      if (length <= end - at) {
        const frame = Buffer.allocUnsafe(length);
        bytes.copy(frame, 0, at, at + length);
        at += length;
        this.#sink.answer(frame);
        continue;
      }
      this.#declared = length;
      this.#body = Buffer.allocUnsafeSlow(Math.min(length, trustedBytes));
      this.#bodyBytes = bytes.copy(this.#body, 0, at, end);
      return true;
    }
    return true;
  }

  /** A body that is full is either whole or has to grow. */
  #settle(): void {
    const body = this.#body!;
    if (this.#bodyBytes < body.length) return;
    if (body.length === this.#declared) {
      this.#body = undefined;
      this.#sink.answer(body);
      return;
    }
    const grown = Buffer.allocUnsafeSlow(Math.min(this.#declared, body.length * 2));
    body.copy(grown);
    this.#body = grown;
  }
}
