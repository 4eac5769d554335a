/**
 * One client's socket. In: bytes, cut into frames and handed to the `ConnectionOwner`. Out: chunks given to `send`, which leave
 * together in one writev when `flush` is called.
 */
import type { Socket } from '@millrace/base';

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

  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #frames: Frames;
  readonly #unsentBytesMax: number;
  #chunks: Uint8Array[] = [];
  #releases: (() => void)[] | undefined;
  #closed = false;
  readonly #budget: ReceiveBudget;
  #countedBytes = 0;
  #pauses = 0;

  constructor(socket: Socket, owner: ConnectionOwner, options: ConnectionOptions, nowMs: number) {
    this.listenerName = options.listenerName;
    this.remoteAddress = socket.remoteAddress;
    this.remotePort = socket.remotePort;
    this.localPort = socket.localPort;
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
    this.#socket = socket;
    const frames = this.#frames;
    socket.begin({
      buffer: () => frames.buffer(),
      received: (count) => this.#received(count),
      drained: () => this.#resume(byUnsent),
      closed: () => this.#ended(),
    });
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
    this.#socket.write(chunks, releases === undefined ? undefined : () => releases.forEach((release) => release()));
    if (this.#socket.unsentBytes > this.#unsentBytesMax) {
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
    this.#socket.end();
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
