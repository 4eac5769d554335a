/**
 * One client's socket. In: bytes, cut into frames and handed to the `ConnectionOwner`. Out: chunks given to `send`, which leave
 * together in one writev when `flush` is called.
 */
import net from 'node:net';

import { Frames } from './frames.ts';
import type { Holder, ReceiveBudget } from './receive-budget.ts';

export interface ConnectionOwner {
  /** One frame, in place: `bytes` is valid until `readEnded` returns. */
  frame(connection: Connection, bytes: Buffer, start: number, end: number): void;
  /** All frames of one read were handed over; what still refers to their bytes must be copied or written out now. */
  readEnded(connection: Connection): void;
  refused(connection: Connection, declaredBytes: number, head: Buffer): void;
  closed(connection: Connection): void;
}

export interface ConnectionOptions {
  readonly listenerName: string;
  readonly frameBytesMax: number;
  /** Unsent bytes above which no more requests are read. */
  readonly unsentBytesMax: number;
  /** Shared by all connections. */
  readonly budget: ReceiveBudget;
}

/** Why a socket is not read; it is read again when no reason is left. */
const byOwner = 1;
const byUnsent = 2;
const byBudget = 4;

let lastId = 0;

export class Connection implements Holder {
  readonly id: number = ++lastId;
  readonly listenerName: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localPort: number;
  /** For whoever owns the connection: its state per connection. */
  session: unknown;
  lastActiveAtMs: number;

  readonly #socket: net.Socket;
  readonly #owner: ConnectionOwner;
  readonly #frames: Frames;
  readonly #unsentBytesMax: number;
  #chunks: Uint8Array[] = [];
  #releases: (() => void)[] | undefined;
  #closed = false;
  readonly #budget: ReceiveBudget;
  #countedBytes = 0;
  #pauses = 0;

  constructor(accepted: net.Socket, owner: ConnectionOwner, options: ConnectionOptions, nowMs: number) {
    this.listenerName = options.listenerName;
    this.remoteAddress = accepted.remoteAddress ?? '';
    this.remotePort = accepted.remotePort ?? 0;
    this.localPort = accepted.localPort ?? 0;
    this.lastActiveAtMs = nowMs;
    this.#owner = owner;
    this.#unsentBytesMax = options.unsentBytesMax;
    this.#budget = options.budget;
    this.#frames = new Frames(
      {
        frame: (bytes, start, end) => owner.frame(this, bytes, start, end),
        parsed: () => owner.readEnded(this),
        refused: (declaredBytes, head) => owner.refused(this, declaredBytes, head),
      },
      options.frameBytesMax,
    );
    this.#socket = readInPlace(accepted, this.#frames, (count) => this.#received(count));
    this.#socket.setNoDelay(true);
    this.#socket.on('error', () => this.close());
    this.#socket.on('end', () => this.close());
    this.#socket.on('close', () => this.#ended());
    this.#socket.on('drain', () => this.#drained());
    this.#socket.resume();
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Memory that waits for the rest of a frame. */
  get heldBytes(): number {
    return this.#frames.heldBytes;
  }

  /** Queues chunks; they are the connection's until `release` is called (at once, when it is closed already). */
  send(chunks: readonly Uint8Array[], release?: () => void): void {
    if (this.#closed) {
      release?.();
      return;
    }
    for (const chunk of chunks) this.#chunks.push(chunk);
    if (release !== undefined) (this.#releases ??= []).push(release);
  }

  /** Hands everything queued to the system in one call. */
  flush(): void {
    if (this.#chunks.length === 0 || this.#closed) return;
    const chunks = this.#chunks;
    const releases = this.#releases;
    this.#chunks = [];
    this.#releases = undefined;
    const written = releases === undefined ? undefined : () => releases.forEach((release) => release());
    if (chunks.length === 1) {
      this.#socket.write(chunks[0] as Uint8Array, written);
    } else {
      this.#socket.cork();
      for (let i = 0; i < chunks.length; i++) {
        this.#socket.write(chunks[i] as Uint8Array, i === chunks.length - 1 ? written : undefined);
      }
      this.#socket.uncork();
    }
    if (this.#socket.writableLength > this.#unsentBytesMax) {
      this.#pause(byUnsent);
    }
  }

  /** Reads no more requests until `resume`. */
  pause(): void {
    this.#pause(byOwner);
  }

  resume(): void {
    this.#resume(byOwner);
  }

  holdBack(): void {
    this.#pause(byBudget);
  }

  goOn(): void {
    this.#resume(byBudget);
  }

  /** Sends what is queued, then ends. */
  end(): void {
    this.flush();
    this.#socket.end(() => this.close());
  }

  close(): void {
    this.#socket.destroy();
  }

  #received(count: number): void {
    if (this.#closed) return;
    if (!this.#frames.received(count)) this.close();
    const more = this.#frames.heldBytes - this.#countedBytes;
    if (more === 0) return;
    this.#countedBytes += more;
    this.#budget.changed(this, more);
  }

  #pause(reason: number): void {
    if (this.#pauses === 0) this.#socket.pause();
    this.#pauses |= reason;
  }

  #resume(reason: number): void {
    if ((this.#pauses & reason) === 0) return;
    this.#pauses &= ~reason;
    if (this.#pauses === 0) this.#socket.resume();
  }

  #drained(): void {
    this.#resume(byUnsent);
  }

  #ended(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#frames.release();
    if (this.#countedBytes > 0) this.#budget.gone(this, this.#countedBytes);
    for (const release of this.#releases ?? []) release();
    this.#releases = undefined;
    this.#chunks = [];
    this.#owner.closed(this);
  }
}

/**
 * `onread` reads into a buffer of ours, but only a socket's constructor takes it. So the accepted socket's handle moves into a new
 * socket. The handle is not public API: where it is missing, the chunks that Node allocates are copied instead.
 */
function readInPlace(accepted: net.Socket, frames: Frames, received: (count: number) => void): net.Socket {
  const wrapped = accepted as net.Socket & { _handle?: unknown };
  const handle = wrapped._handle;
  if (handle === undefined || handle === null) {
    accepted.on('data', (chunk: Buffer) => {
      for (let from = 0; from < chunk.length;) {
        const target = frames.buffer();
        const count = chunk.copy(target, 0, from);
        from += count;
        received(count);
      }
    });
    return accepted;
  }
  wrapped._handle = null;
  const options = {
    handle,
    onread: {
      buffer: () => frames.buffer(),
      callback: (count: number) => {
        received(count);
        return true;
      },
    },
  };
  return new net.Socket(options as unknown as net.SocketConstructorOpts);
}
