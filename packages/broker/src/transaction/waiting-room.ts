/** Writes of a new transaction that came before the last one of the same id was quite over. In: who waits, and for how long at most. */
import type { Timer, Timers } from '@millrace/base';

interface Guest {
  readonly timer: Timer;
  readonly goOn: () => void;
}

export class WaitingRoom {
  readonly #timers: Timers;
  readonly #guests = new Map<string, Set<Guest>>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  wait(id: string, waitMsMax: number, goOn: () => void): void {
    const guests = this.#guests.get(id) ?? new Set<Guest>();
    this.#guests.set(id, guests);
    const guest = {
      goOn,
      timer: this.#timers.after(waitMsMax, () => {
        guests.delete(guest);
        goOn();
      }),
    };
    guests.add(guest);
  }

  open(id: string): void {
    const guests = this.#guests.get(id);
    if (guests === undefined) return;
    this.#guests.delete(id);
    for (const { timer, goOn } of guests) {
      timer.cancel();
      goOn();
    }
  }

  openAll(): void {
    for (const id of this.#guests.keys()) this.open(id);
  }
}
