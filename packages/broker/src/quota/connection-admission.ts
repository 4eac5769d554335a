/**
 * Limits on connections, over all listeners: how many there may be, how many of one address, how many may come in a second. As in
 * Kafka one that finds no room waits for another to leave; one too many of its address is closed at once; one that comes too fast
 * for its address is closed after a while; and when all come too fast, all wait. Without limits nothing is recorded.
 */
import type { Clock } from '@millrace/base';
import type { Admission } from '@millrace/net';

import { RateMeter, type Windows } from './rate-meter.ts';

export interface ListenerLimits {
  readonly connectionsMax: number;
  readonly creationRateMax: number;
}

export interface ConnectionLimits {
  readonly connectionsMax: number;
  readonly perAddressMax: number;
  readonly overrides: ReadonlyMap<string, number>;
  readonly creationRateMax: number;
  readonly ofListener: (name: string) => ListenerLimits;
  /** From a client quota; undefined for none. */
  readonly addressRate: (address: string) => number | undefined;
}

export interface ConnectionCounters {
  count: number;
  acceptedCount: number;
  refusedCount: number;
  /** That all waited because too many came. */
  throttleMs: number;
  /** That addresses were kept waiting for their own rate. */
  addressThrottleMs: number;
}

/** Kafka's: what means no limit. */
const unlimited = 2147483647;
const unlimitedListener: ListenerLimits = { connectionsMax: unlimited, creationRateMax: unlimited };
const unlimitedLimits: ConnectionLimits = {
  ...unlimitedListener,
  perAddressMax: unlimited,
  overrides: new Map(),
  ofListener: () => unlimitedListener,
  addressRate: () => undefined,
};
/** Addresses are many: those that did not come for a while are forgotten. */
const addressesMax = 10_000;

export class ConnectionAdmission implements Admission {
  readonly #clock: Clock;
  readonly #windows: Windows;
  readonly #isProtected: (listenerName: string) => boolean;
  readonly #perAddress = new Map<string, number>();
  readonly #listeners = new Map<string, ConnectionCounters>();
  readonly #rates = new Map<string, RateMeter>();
  readonly #addressRates = new Map<string, RateMeter>();
  readonly #roomCallbacks: (() => void)[] = [];
  #total = 0;
  #limits: ConnectionLimits = unlimitedLimits;

  /** `isProtected`: the listener between brokers always has room, so that clients cannot shut brokers out. */
  constructor(clock: Clock, windows: Windows, isProtected: (listenerName: string) => boolean) {
    this.#clock = clock;
    this.#windows = windows;
    this.#isProtected = isProtected;
  }

  /** From now on. Whoever waits may find room. */
  limit(limits: ConnectionLimits): void {
    this.#limits = limits;
    for (const callback of this.#roomCallbacks) callback();
  }

  onRoom(callback: () => void): void {
    this.#roomCallbacks.push(callback);
  }

  /** Connections that are too many since the limit was lowered. */
  get surplus(): number {
    return Math.max(0, this.#total - this.#limits.connectionsMax);
  }

  isProtected(listenerName: string): boolean {
    return this.#isProtected(listenerName);
  }

  counters(listenerName: string): ConnectionCounters {
    let found = this.#listeners.get(listenerName);
    if (found === undefined) {
      found = { count: 0, acceptedCount: 0, refusedCount: 0, throttleMs: 0, addressThrottleMs: 0 };
      this.#listeners.set(listenerName, found);
    }
    return found;
  }

  arrived(listenerName: string): number {
    const { creationRateMax, ofListener } = this.#limits;
    const ofAll = this.#isProtected(listenerName) ? 0 : this.#record('', creationRateMax);
    const delayMs = Math.max(ofAll, this.#record(listenerName, ofListener(listenerName).creationRateMax));
    this.counters(listenerName).throttleMs += delayMs;
    return delayMs;
  }

  hasRoom(listenerName: string): boolean {
    const { connectionsMax, ofListener } = this.#limits;
    if (this.counters(listenerName).count >= ofListener(listenerName).connectionsMax) return false;
    return this.#isProtected(listenerName) || this.#total < connectionsMax;
  }

  refusalMs(listenerName: string, remote: string): number | undefined {
    const { overrides, perAddressMax, addressRate } = this.#limits;
    const address = plainAddress(remote);
    const max = overrideOf(overrides, address) ?? perAddressMax;
    if ((this.#perAddress.get(address) ?? 0) >= max) return 0;
    const rate = addressRate(address);
    if (rate === undefined) return undefined;
    const throttleMs = this.#recordAddress(address, rate);
    if (throttleMs === 0) return undefined;
    this.counters(listenerName).addressThrottleMs += throttleMs;
    // It does not come in, so it does not count for the others.
    this.#rates.get('')?.record(-1, this.#clock.monotonic());
    this.#rates.get(listenerName)?.record(-1, this.#clock.monotonic());
    return throttleMs;
  }

  refused(listenerName: string): void {
    this.counters(listenerName).refusedCount++;
  }

  entered(listenerName: string, remote: string): void {
    const address = plainAddress(remote);
    this.#total++;
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1);
    const counters = this.counters(listenerName);
    counters.count++;
    counters.acceptedCount++;
  }

  left(listenerName: string, remote: string): void {
    const address = plainAddress(remote);
    this.#total--;
    this.counters(listenerName).count--;
    const count = (this.#perAddress.get(address) ?? 1) - 1;
    if (count === 0) this.#perAddress.delete(address);
    else this.#perAddress.set(address, count);
    for (const callback of this.#roomCallbacks) callback();
  }

  #record(name: string, limit: number): number {
    if (limit >= unlimited) {
      this.#rates.delete(name);
      return 0;
    }
    const nowMs = this.#clock.monotonic();
    let meter = this.#rates.get(name);
    if (meter === undefined) this.#rates.set(name, (meter = new RateMeter(this.#windows, nowMs)));
    meter.record(1, nowMs);
    return this.#bounded(meter.throttleMs(limit, nowMs));
  }

  #recordAddress(address: string, limit: number): number {
    const nowMs = this.#clock.monotonic();
    let meter = this.#addressRates.get(address);
    if (meter === undefined) {
      if (this.#addressRates.size >= addressesMax) this.#forgetAddresses(nowMs);
      this.#addressRates.set(address, (meter = new RateMeter(this.#windows, nowMs)));
    }
    meter.record(1, nowMs);
    const throttleMs = this.#bounded(meter.throttleMs(limit, nowMs));
    if (throttleMs > 0) meter.record(-1, nowMs);
    return throttleMs;
  }

  /** No longer than one window. */
  #bounded(throttleMs: number): number {
    return Math.min(throttleMs, this.#windows.sizeMs);
  }

  #forgetAddresses(nowMs: number): void {
    const { count, sizeMs } = this.#windows;
    for (const [address, meter] of this.#addressRates)
      if (nowMs - meter.lastAtMs > count * sizeMs) this.#addressRates.delete(address);
    const [oldest] = this.#addressRates.keys();
    if (this.#addressRates.size >= addressesMax && oldest !== undefined) this.#addressRates.delete(oldest);
  }
}

/** An IPv4 address that came through an IPv6 socket is the same one. */
function plainAddress(remote: string): string {
  return remote.startsWith('::ffff:') ? remote.slice('::ffff:'.length) : remote;
}

function overrideOf(overrides: ReadonlyMap<string, number>, address: string): number | undefined {
  const own = overrides.get(address);
  if (own !== undefined) return own;
  return address === '127.0.0.1' || address === '::1' ? overrides.get('localhost') : undefined;
}
