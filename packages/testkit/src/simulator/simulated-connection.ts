/** One connection between a client and the broker; each side sees its own half. */
import type { Socket, SocketEvents, Timer } from '@millrace/base';

import type { Life } from './life.ts';
import type { SimulatedNetwork } from './simulated-network.ts';

/** Bytes on their way to the client. */
interface Answer {
  chunks: readonly Uint8Array[];
  readonly turn: number;
  readonly timer: Timer;
  readonly taken: (() => void) | undefined;
}

export class SimulatedConnection {
  readonly server: ServerSocket;
  /** Set by the client. */
  onBytes: (bytes: Buffer) => void = () => {};
  onClosed: () => void = () => {};
  readonly #network: SimulatedNetwork;
  readonly #answers: Answer[] = [];
  readonly #requests = new Set<Timer>();
  #requestArrivesAtMs = 0;
  #answerArrivesAtMs = 0;
  #isClosed = false;

  constructor(network: SimulatedNetwork, life: Life, clientPort: number, serverPort: number) {
    this.#network = network;
    this.server = new ServerSocket(this, life, clientPort, serverPort);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** From the client: arrives in pieces. */
  send(bytes: Buffer): void {
    const { time, chance } = this.#network.options;
    let pieces = chance.oneIn(4) ? chance.integer(2, 4) : 1;
    for (let from = 0; from < bytes.length && !this.#isClosed; pieces--) {
      const until = pieces <= 1 ? bytes.length : chance.integer(from + 1, bytes.length);
      const piece = bytes.subarray(from, until);
      from = until;
      this.#requestArrivesAtMs = Math.max(this.#requestArrivesAtMs, time.nowMs + this.#network.delayMs());
      const timer: Timer = time.after(this.#requestArrivesAtMs - time.nowMs, () => {
        this.#requests.delete(timer);
        this.server.arrived(piece);
      });
      this.#requests.add(timer);
    }
  }

  /** From the broker: the chunks stay its own until they leave. */
  answer(chunks: readonly Uint8Array[], taken: (() => void) | undefined): void {
    const { time } = this.#network.options;
    this.#answerArrivesAtMs = Math.max(this.#answerArrivesAtMs, time.nowMs + this.#network.delayMs());
    const timer = time.after(this.#answerArrivesAtMs - time.nowMs, () => {
      this.#answers.shift();
      const bytes = Buffer.concat(answer.chunks);
      answer.taken?.();
      this.server.left(bytes.length);
      this.onBytes(bytes);
    });
    const answer: Answer = { chunks, turn: time.turnCount, timer, taken };
    this.#answers.push(answer);
  }

  /** Both sides lose it. What the broker sent in earlier turns may come through, what is on its way to it never does. */
  reset(isLate = false): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { time, history } = this.#network.options;
    history.trace(`connection ${this.server.remotePort} ends`);
    this.#network.gone(this);
    for (const timer of this.#requests) timer.cancel();
    const arriving = this.#answers.filter(({ turn }) => isLate && turn < time.turnCount);
    // As they are at this moment: whose they were may use them for something else.
    const bytes = Buffer.concat(arriving.flatMap(({ chunks }) => chunks));
    for (const { timer, taken } of this.#answers) {
      timer.cancel();
      if (!this.server.life.isOver) taken?.();
    }
    this.#answers.length = 0;
    time.after(this.#network.delayMs(), () => {
      if (bytes.length > 0) this.onBytes(bytes);
      this.onClosed();
    });
    time.after(
      this.#network.delayMs(),
      this.server.life.bound(() => this.server.closed()),
    );
  }
}

class ServerSocket implements Socket {
  readonly remoteAddress = '10.0.0.1';
  readonly remotePort: number;
  readonly localPort: number;
  readonly life: Life;
  unsentBytes = 0;
  readonly #connection: SimulatedConnection;
  #events: SocketEvents | undefined;
  #waiting: Buffer[] = [];
  #isPaused = false;
  #isEnding = false;

  constructor(connection: SimulatedConnection, life: Life, clientPort: number, serverPort: number) {
    this.#connection = connection;
    this.life = life;
    this.remotePort = clientPort;
    this.localPort = serverPort;
  }

  begin(events: SocketEvents): void {
    this.#events = events;
    this.#read();
  }

  pause(): void {
    this.#isPaused = true;
  }

  /** What has come meanwhile is read later, as the system would. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    queueMicrotask(() => this.#read());
  }

  write(chunks: readonly Uint8Array[], taken?: () => void): void {
    if (this.#connection.isClosed) return taken?.();
    for (const { length } of chunks) this.unsentBytes += length;
    this.#connection.answer(chunks, taken);
  }

  end(): void {
    this.#isEnding = true;
    if (this.unsentBytes === 0) this.destroy();
  }

  destroy(): void {
    this.#connection.reset();
  }

  arrived(bytes: Buffer): void {
    if (this.life.isOver) return;
    this.#waiting.push(bytes);
    this.#read();
  }

  left(bytes: number): void {
    this.unsentBytes -= bytes;
    if (this.unsentBytes > 0 || this.life.isOver) return;
    this.#events?.drained();
    if (this.#isEnding) this.destroy();
  }

  closed(): void {
    this.#events?.closed();
  }

  #read(): void {
    const events = this.#events;
    if (events === undefined) return;
    while (!this.#isPaused && !this.#connection.isClosed) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      const target = events.buffer();
      const count = next.copy(target);
      if (count < next.length) this.#waiting.unshift(next.subarray(count));
      events.received(count);
    }
  }
}
