/**
 * Holds clients to their quotas. In: what a request used, when it is answered. Out: for how long the client is to be throttled: it is
 * told so in its answer, and its connection is not read for that time (KIP-219). Without quotas nothing is looked up or recorded.
 */
import type { Clock } from '@millrace/base';

import type { Exchange } from '../exchange.ts';
import { resolveQuota, type ResolvedQuota } from './quota-resolution.ts';
import type { QuotaTable } from './quota-table.ts';
import { RateMeter, type Windows } from './rate-meter.ts';
import { TokenBucket } from './token-bucket.ts';

export type QuotaKind = 'produce' | 'fetch' | 'request' | 'mutation';

const keys: Readonly<Record<QuotaKind, string>> = {
  produce: 'producer_byte_rate',
  fetch: 'consumer_byte_rate',
  request: 'request_percentage',
  mutation: 'controller_mutation_rate',
};

export interface QuotaWindows {
  readonly client: Windows;
  readonly controller: Windows;
}

/** What one client, or the clients that share a quota, used. */
export interface QuotaUse {
  readonly kind: QuotaKind;
  readonly user: string;
  readonly clientId: string;
  readonly meter: RateMeter;
  /** Of mutations only. */
  readonly bucket: TokenBucket | undefined;
  limit: number;
  throttleCount: number;
  throttleMs: number;
}

/** Clients choose their names: what they are remembered by has an end. */
const usesMax = 10_000;
const resolutionsMax = 10_000;
/** As in Kafka, what was not used for an hour is forgotten. */
const idleMsMax = 3_600_000;

const anonymous = 'ANONYMOUS';

export class ClientQuotas {
  readonly #table: QuotaTable;
  readonly #clock: Clock;
  readonly #windows: QuotaWindows;
  readonly #uses = new Map<string, QuotaUse>();
  readonly #resolutions = new Map<string, Readonly<Record<QuotaKind, ResolvedQuota | undefined>>>();
  #isActive = false;

  constructor(table: QuotaTable, windows: QuotaWindows, clock: Clock) {
    this.#table = table;
    this.#windows = windows;
    this.#clock = clock;
  }

  /** Some client has a quota. */
  get isActive(): boolean {
    return this.#isActive;
  }

  /** A quota was set or removed. */
  changed(): void {
    this.#resolutions.clear();
    this.#isActive = false;
    for (const { entity } of this.#table.entries()) if (!entity.has('ip')) this.#isActive = true;
    if (!this.#isActive) this.#uses.clear();
  }

  /** For metrics. */
  uses(): IterableIterator<QuotaUse> {
    return this.#uses.values();
  }

  /** Of a produce that is answered: all of its request counts, as in Kafka. */
  produced(exchange: Exchange): number {
    return this.#used(exchange, 'produce', exchange.requestBytes);
  }

  /**
   * Before records are read for a fetch. When it must wait the bytes are not counted, because it is answered without them. What alone
   * is more than all windows allow goes through once nothing else was read: Kafka would never answer it.
   */
  fetched(exchange: Exchange, bytes: number): number {
    const use = this.#use(exchange, 'fetch');
    if (use === undefined) return 0;
    const nowMs = this.#clock.monotonic();
    const isFirst = use.meter.rate(nowMs) === 0;
    use.meter.record(bytes, nowMs);
    const throttleMs = isFirst ? 0 : use.meter.throttleMs(use.limit, nowMs);
    if (throttleMs > 0) use.meter.record(-bytes, nowMs);
    return noted(use, throttleMs);
  }

  /** More than that would never go through in one answer. */
  fetchBytesMax(exchange: Exchange): number {
    const use = this.#use(exchange, 'fetch');
    if (use === undefined) return Number.MAX_SAFE_INTEGER;
    const { count, sizeMs } = this.#windows.client;
    return Math.floor((use.limit * (count - 1) * sizeMs) / 1000);
  }

  /** `busyMs` is for how long nobody else was served; a hundred percent is the whole event loop. */
  requested(exchange: Exchange, busyMs: number): number {
    const throttleMs = this.#used(exchange, 'request', busyMs / 10);
    return Math.min(throttleMs, this.#windows.client.sizeMs);
  }

  /** Takes tokens for changes of the cluster. False when there are none: then nothing may be changed, unless the client is of a time that cannot be told so. */
  mayChange(exchange: Exchange, count: number, isStrict: boolean): boolean {
    const use = this.#use(exchange, 'mutation');
    if (use?.bucket === undefined) return true;
    const { bucket, limit } = use;
    const nowMs = this.#clock.monotonic();
    const mustWait = bucket.throttleMs(limit, nowMs) > 0;
    if (!mustWait || !isStrict) {
      bucket.take(count, limit, nowMs);
      use.meter.record(count, nowMs);
    }
    const isRefused = isStrict && mustWait;
    if (isRefused || !isStrict)
      exchange.throttleMs = Math.max(exchange.throttleMs, noted(use, bucket.throttleMs(limit, nowMs)));
    return !isRefused;
  }

  #used(exchange: Exchange, kind: QuotaKind, value: number): number {
    const use = this.#use(exchange, kind);
    if (use === undefined) return 0;
    const nowMs = this.#clock.monotonic();
    use.meter.record(value, nowMs);
    return noted(use, use.meter.throttleMs(use.limit, nowMs));
  }

  #use(exchange: Exchange, kind: QuotaKind): QuotaUse | undefined {
    const resolved = this.#resolve(anonymous, exchange.clientId ?? '')[kind];
    if (resolved === undefined) return undefined;
    const { user, clientId, limit } = resolved;
    const name = JSON.stringify([kind, user, clientId]);
    let use = this.#uses.get(name);
    if (use === undefined) {
      if (this.#uses.size >= usesMax) this.#forgetIdle();
      const nowMs = this.#clock.monotonic();
      const isMutation = kind === 'mutation';
      use = {
        kind,
        user,
        clientId,
        meter: new RateMeter(isMutation ? this.#windows.controller : this.#windows.client, nowMs),
        bucket: isMutation ? new TokenBucket(this.#windows.controller, limit, nowMs) : undefined,
        limit,
        throttleCount: 0,
        throttleMs: 0,
      };
      this.#uses.set(name, use);
    }
    use.limit = limit;
    return use;
  }

  #resolve(user: string, clientId: string): Readonly<Record<QuotaKind, ResolvedQuota | undefined>> {
    const name = JSON.stringify([user, clientId]);
    let found = this.#resolutions.get(name);
    if (found !== undefined) return found;
    const of = (kind: QuotaKind): ResolvedQuota | undefined => resolveQuota(this.#table, keys[kind], user, clientId);
    found = { produce: of('produce'), fetch: of('fetch'), request: of('request'), mutation: of('mutation') };
    if (this.#resolutions.size >= resolutionsMax) this.#resolutions.clear();
    this.#resolutions.set(name, found);
    return found;
  }

  #forgetIdle(): void {
    const beforeMs = this.#clock.monotonic() - idleMsMax;
    for (const [name, use] of this.#uses) if (use.meter.lastAtMs < beforeMs) this.#uses.delete(name);
    const [oldest] = this.#uses.keys();
    if (this.#uses.size >= usesMax && oldest !== undefined) this.#uses.delete(oldest);
  }
}

function noted(use: QuotaUse, throttleMs: number): number {
  if (throttleMs > 0) {
    use.throttleCount++;
    use.throttleMs += throttleMs;
  }
  return throttleMs;
}
