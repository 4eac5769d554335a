/**
 * When a member of a consumer group must have spoken again. Not stored: after a restart every session begins anew.
 *
 * Session: it must heartbeat. Revocation: it must have given up what it was told to. Join and sync: a member that speaks the classic
 * protocol must have come back in a rebalance, and fetched what it got.
 */
import { Deadline } from '../deadline.ts';
import type { Decision } from '../decision.ts';
import type { GroupEnvironment } from '../environment.ts';

export type TimerName = 'session' | 'revocation' | 'join' | 'sync';

type Timers = { readonly [K in TimerName]?: Deadline };

export class MemberTimers {
  readonly #environment: GroupEnvironment;
  readonly #ended: (memberId: string, name: TimerName) => Decision;
  readonly #timers = new Map<string, { -readonly [K in TimerName]?: Deadline }>();

  constructor(environment: GroupEnvironment, ended: (memberId: string, name: TimerName) => Decision) {
    this.#environment = environment;
    this.#ended = ended;
  }

  /** From now on; replaces what was set before. */
  set(memberId: string, name: TimerName, delayMs: number): void {
    let timers = this.#timers.get(memberId);
    if (timers === undefined) this.#timers.set(memberId, (timers = {}));
    timers[name] ??= new Deadline(this.#environment, () => this.#environment.turn(() => this.#ended(memberId, name)));
    timers[name].set(delayMs);
  }

  isSet(memberId: string, name: TimerName): boolean {
    return this.#timers.get(memberId)?.[name]?.isSet === true;
  }

  cancel(memberId: string, name: TimerName): void {
    this.#timers.get(memberId)?.[name]?.cancel();
  }

  forget(memberId: string): void {
    end(this.#timers.get(memberId));
    this.#timers.delete(memberId);
  }

  forgetAll(): void {
    for (const timers of this.#timers.values()) end(timers);
    this.#timers.clear();
  }
}

function end(timers: Timers | undefined): void {
  timers?.session?.cancel();
  timers?.revocation?.cancel();
  timers?.join?.cancel();
  timers?.sync?.cancel();
}
