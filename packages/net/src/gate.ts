/**
 * The way from a port to a connection. In: sockets as the system accepts them, not read yet. Out: those that may come in, in their
 * order; the others wait as in Kafka's accept queue, or are closed.
 */
import type { Socket, Timer, Timers } from '@millrace/base';

import type { Admission } from './admission.ts';

/** Sockets that are kept unread for a while, so that their clients do not come again at once. */
const delayedMax = 1000;

export interface GateOptions {
  readonly listenerName: string;
  readonly admission: Admission;
  readonly timers: Timers;
  /** How many may wait. */
  readonly waitingMax: number;
}

export class Gate {
  readonly #options: GateOptions;
  readonly #enter: (socket: Socket) => void;
  #waiting: Socket[] = [];
  /** The first that waits was counted. */
  #hasArrived = false;
  #delay: Timer | undefined;
  readonly #refused = new Map<Socket, Timer>();
  #isStopped = false;

  constructor(options: GateOptions, enter: (socket: Socket) => void) {
    this.#options = options;
    this.#enter = enter;
    options.admission.onRoom(() => this.#next());
  }

  arrive(socket: Socket): void {
    if (this.#isStopped || this.#waiting.length >= this.#options.waitingMax) {
      this.#refuse(socket, 0);
      return;
    }
    this.#waiting.push(socket);
    this.#next();
  }

  stop(): void {
    this.#isStopped = true;
    this.#delay?.cancel();
    for (const timer of this.#refused.values()) timer.cancel();
    for (const socket of [...this.#waiting, ...this.#refused.keys()]) socket.destroy();
    this.#waiting = [];
    this.#refused.clear();
  }

  #next(): void {
    const { listenerName, admission, timers } = this.#options;
    while (this.#waiting.length > 0 && this.#delay === undefined) {
      if (!this.#hasArrived) {
        this.#hasArrived = true;
        const delayMs = admission.arrived(listenerName);
        if (delayMs > 0) {
          this.#delay = timers.after(delayMs, () => {
            this.#delay = undefined;
            this.#next();
          });
          return;
        }
      }
      if (!admission.hasRoom(listenerName)) return;
      const socket = this.#waiting.shift() as Socket;
      this.#hasArrived = false;
      this.#judge(socket);
    }
  }

  #judge(socket: Socket): void {
    const { listenerName, admission } = this.#options;
    const address = socket.remoteAddress;
    // Gone already.
    if (address === '') {
      socket.destroy();
      return;
    }
    const refusalMs = admission.refusalMs(listenerName, address);
    if (refusalMs === undefined) this.#enter(socket);
    else this.#refuse(socket, refusalMs);
  }

  #refuse(socket: Socket, afterMs: number): void {
    this.#options.admission.refused(this.#options.listenerName);
    if (afterMs === 0 || this.#refused.size >= delayedMax) {
      socket.destroy();
      return;
    }
    const timer = this.#options.timers.after(afterMs, () => {
      this.#refused.delete(socket);
      socket.destroy();
    });
    this.#refused.set(socket, timer);
  }
}
