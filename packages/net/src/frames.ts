/**
 * Bytes from one socket → whole frames. In: what a read put into `buffer()`. Out: `frame(bytes, start, end)` for each frame
 * that is complete, in place, without its length field.
 *
 * A read lands in a buffer that all connections share, because it is parsed before the next read of any socket. Only a frame
 * that is not complete yet moves to a buffer of the connection's own, which grows with what arrives, never with what is declared.
 */
export interface FrameSink {
  /** One frame, valid until `parsed` returns. */
  frame(bytes: Buffer, start: number, end: number): void;
  /** No more frames from this read: what still refers to its bytes must be written out or copied now. */
  parsed(): void;
  /** The stream cannot be followed any further: a length that is negative or over the limit. */
  refused(declaredBytes: number, head: Buffer): void;
}

/** Where a read lands when the connection holds no part of a frame. */
const sharedBytes = 1 << 20;
let shared: Buffer | undefined;

/** The first size of a connection's own buffer; freed ones are kept for the next, as touching new memory costs more than copying. */
const ownBytesMin = 256 << 10;
const spareMax = 16;
const spares: Buffer[] = [];

/** A buffer that a small rest may sit in: many connections may hold one at the same time. */
const smallBytes = 4 << 10;

export class Frames {
  readonly #sink: FrameSink;
  readonly #frameBytesMax: number;
  #own: Buffer | undefined;
  #held = 0;

  constructor(sink: FrameSink, frameBytesMax: number) {
    this.#sink = sink;
    this.#frameBytesMax = frameBytesMax;
  }

  /** Bytes of memory that wait here for the rest of their frame. */
  get heldBytes(): number {
    return this.#own?.length ?? 0;
  }

  /** Where the next read goes. */
  buffer(): Buffer {
    if (this.#own !== undefined) return this.#own.subarray(this.#held);
    return sharedBuffer();
  }

  /** `count` bytes were read into `buffer()`. False: the stream is refused and must be closed. */
  received(count: number): boolean {
    const bytes = this.#own ?? sharedBuffer();
    const end = this.#held + count;
    const at = this.#parse(bytes, end);
    this.#sink.parsed();
    if (at < 0) return false;
    this.#keep(bytes, at, end);
    return true;
  }

  release(): void {
    if (this.#own !== undefined) giveBack(this.#own);
    this.#own = undefined;
    this.#held = 0;
  }

  /** Gives where the first incomplete frame begins, or −1 when the stream is refused. */
  #parse(bytes: Buffer, end: number): number {
    let at = 0;
    while (end - at >= 4) {
      const length = bytes.readInt32BE(at);
      if (length < 0 || length > this.#frameBytesMax) {
        this.#sink.refused(length, Buffer.from(bytes.subarray(at, Math.min(end, at + 16))));
        return -1;
      }
      if (end - at - 4 < length) break;
      this.#sink.frame(bytes, at + 4, at + 4 + length);
      at += 4 + length;
    }
    return at;
  }

  #keep(bytes: Buffer, at: number, end: number): void {
    const rest = end - at;
    if (rest === 0) return this.release();
    const declared = rest >= 4 ? bytes.readInt32BE(at) + 4 : 4;
    const own = this.#own;
    if (own === undefined || (at === 0 && rest === own.length)) {
      const wanted =
        own === undefined
          ? rest <= smallBytes / 2 && declared <= smallBytes
            ? smallBytes
            : ownBytesMin
          : own.length * 2;
      const target = take(Math.max(wanted, Math.min(declared, rest * 2)));
      bytes.copy(target, 0, at, end);
      if (own !== undefined) giveBack(own);
      this.#own = target;
    } else if (at > 0) {
      own.copyWithin(0, at, end);
    }
    this.#held = rest;
  }
}

function sharedBuffer(): Buffer {
  return (shared ??= Buffer.allocUnsafeSlow(sharedBytes));
}

function take(size: number): Buffer {
  if (size <= ownBytesMin && size > smallBytes) {
    const spare = spares.pop();
    if (spare !== undefined) return spare;
  }
  return Buffer.allocUnsafeSlow(size);
}

function giveBack(buffer: Buffer): void {
  if (buffer.length === ownBytesMin && spares.length < spareMax) spares.push(buffer);
}
