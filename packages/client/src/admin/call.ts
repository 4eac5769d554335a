/**
 * One call of an admin, from its beginning to its end: how long it may take, who may end it, and when something is tried again. In: the
 * options of the call. Out: answers, or the `ClientError` that ended it.
 */
import type { Timer } from '@millrace/base';
import type { ApiName, ExactResponse } from '@millrace/protocol';

import { pause } from '../client-host.ts';
import { backoffMs } from '../cluster/backoff.ts';
import type { Cluster, RequestOptions, Target } from '../cluster/cluster.ts';
import type { Outgoing } from '../cluster/connection.ts';
import { answerError, ClientError, isClientError, wantsMetadata } from '../error.ts';

export interface CallOptions {
  /** How long the call may take with all its retries, in place of `default.api.timeout.ms`. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Failures on the way to a broker, and what any broker says that will pass: after these the same is asked again. */
const passing: ReadonlySet<string> = new Set([
  'DISCONNECTED',
  'UNREACHABLE',
  'TIMEOUT',
  'NOT_CONTROLLER',
  'THROTTLING_QUOTA_EXCEEDED',
]);

export function passes({ code }: ClientError): boolean {
  return passing.has(code);
}

/** Throws what an answer says when it says that it went wrong. `what` as in `answerError`. */
export function checkAnswer(errorCode: number, what: string, said?: string | null): void {
  if (errorCode !== 0) throw answerError(errorCode, what, said);
}

export class Call {
  readonly cluster: Cluster;
  readonly #what: string;
  readonly #timeoutMs: number;
  readonly #deadlineMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #timer: Timer;
  readonly #over = new AbortController();
  readonly #end = Promise.withResolvers<never>();
  #reason: ClientError | undefined;
  #lastFailure: ClientError | undefined;

  /** `what` is the beginning of a sentence: `Creating topics`. Whatever `body` waits for, it waits for through the call. */
  static async run<T>(
    cluster: Cluster,
    what: string,
    options: CallOptions,
    body: (call: Call) => Promise<T>,
  ): Promise<T> {
    const call = new Call(cluster, what, options);
    try {
      return await body(call);
    } finally {
      call.#finish();
    }
  }

  private constructor(cluster: Cluster, what: string, { timeoutMs, signal }: CallOptions) {
    this.cluster = cluster;
    this.#what = what;
    this.#timeoutMs = timeoutMs ?? cluster.config['default.api.timeout.ms'];
    this.#deadlineMs = cluster.deadline(this.#timeoutMs);
    this.#signal = signal;
    this.#end.promise.catch(() => {});
    this.#timer = cluster.host.timers.after(this.#timeoutMs, this.#late);
    signal?.addEventListener('abort', this.#aborted);
    cluster.closing.addEventListener('abort', this.#closed);
    if (cluster.isClosed) this.#closed();
    else if (signal?.aborted === true) this.#aborted();
  }

  /** Why the call is over; undefined while it is not. */
  get reason(): ClientError | undefined {
    return this.#reason;
  }

  /** What a broker is told that it may take. */
  get brokerTimeoutMs(): number {
    const leftMs = Math.max(1, Math.ceil(this.#deadlineMs - this.cluster.host.clock.monotonic()));
    return Math.min(this.cluster.config['request.timeout.ms'], leftMs);
  }

  /** Throws as soon as the call is over. */
  wait<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([this.#end.promise, promise]);
  }

  /** One request, one try. */
  request<K extends ApiName>(
    target: Target,
    name: K,
    request: Outgoing<K>,
    options?: RequestOptions,
  ): Promise<ExactResponse<K>> {
    if (this.#reason !== undefined) return Promise.reject(this.#reason);
    return this.wait(this.cluster.request(target, name, request, options));
  }

  /** Calls `attempt` until it succeeds, or fails with what `isPassing` does not let pass, or the call is over. */
  async retry<T>(attempt: () => Promise<T>, isPassing: (error: ClientError) => boolean = passes): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await attempt();
      } catch (error) {
        if (this.#reason !== undefined || !isClientError(error) || !isPassing(error)) throw error;
        await this.rest(tries, [error]);
      }
    }
  }

  /** The pause after try number `tries`, which ended with these. Throws when the call is over. */
  async rest(tries: number, failures: readonly ClientError[], leastMs = 0): Promise<void> {
    const { config, host, metadata } = this.cluster;
    this.#lastFailure = failures[0];
    const waitMs = backoffMs(tries, config['retry.backoff.ms'], config['retry.backoff.max.ms'], host.random);
    await pause(host, Math.max(waitMs, leastMs), this.#over.signal);
    if (this.#reason !== undefined) throw this.#reason;
    if (failures.some((failure) => wantsMetadata(failure) || failure.code === 'NOT_CONTROLLER'))
      await this.wait(metadata.refresh()).catch((error: unknown) => {
        if (this.#reason !== undefined || !isClientError(error) || !passes(error)) throw error;
      });
  }

  readonly #late = (): void => {
    const last = this.#lastFailure === undefined ? '' : ` The last failure was: ${this.#lastFailure.message}`;
    // Who could not be reached has done nothing.
    const doubt = this.#lastFailure?.code === 'UNREACHABLE' ? '.' : '; what was sent may have taken effect.';
    const text = `${this.#what} was not done within ${this.#timeoutMs} ms${doubt}${last}`;
    this.#stop(new ClientError('TIMEOUT', text, { cause: this.#lastFailure }));
  };

  readonly #aborted = (): void =>
    this.#stop(new ClientError('ABORTED', `${this.#what} was aborted.`, { cause: this.#signal?.reason }));

  readonly #closed = (): void => this.#stop(new ClientError('CLOSED', `${this.#what}: the admin was closed.`));

  #stop(reason: ClientError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#end.reject(reason);
    this.#over.abort();
  }

  #finish(): void {
    this.#timer.cancel();
    this.#signal?.removeEventListener('abort', this.#aborted);
    this.cluster.closing.removeEventListener('abort', this.#closed);
    this.#stop(new ClientError('CLOSED', `${this.#what} has ended.`));
  }
}
