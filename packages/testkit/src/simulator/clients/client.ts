/** What all simulated clients do: find the broker again, ask, wait, and tell what they saw. */
import { errorName, isRetriable, type ApiName, type RequestInput, type Response } from '@millrace/protocol';

import type { Chance } from '../chance.ts';
import type { History } from '../history.ts';
import type { SimulatedNetwork } from '../simulated-network.ts';
import { beginMs, type VirtualTime } from '../virtual-time.ts';
import { Wire } from './wire.ts';

export interface Surroundings {
  readonly time: VirtualTime;
  readonly network: SimulatedNetwork;
  readonly history: History;
  readonly chance: Chance;
  readonly port: number;
  /** Which life of the broker this is. */
  readonly life: () => number;
  /** How often its clock was set. */
  readonly clockJumps: () => number;
  /** Clients bring to an end what they have begun, and begin nothing new. */
  readonly isEnding: () => boolean;
}

export abstract class Client {
  readonly name: string;
  readonly chance: Chance;
  protected readonly surroundings: Surroundings;
  #wire: Wire | undefined;

  constructor(surroundings: Surroundings, name: string) {
    this.surroundings = surroundings;
    this.name = name;
    this.chance = surroundings.chance.fork(name);
  }

  abstract run(): Promise<void>;

  get history(): History {
    return this.surroundings.history;
  }

  get nowMs(): number {
    return this.surroundings.time.nowMs;
  }

  /** On the wall. */
  get clockMs(): number {
    return Math.floor(beginMs + this.nowMs);
  }

  get isEnding(): boolean {
    return this.surroundings.isEnding();
  }

  pause(leastMs: number, mostMs: number): Promise<void> {
    return this.surroundings.time.pause(this.chance.amount(leastMs, mostMs));
  }

  /** The connection there is, or a new one: for as long as it takes. */
  async wire(): Promise<Wire> {
    const { network, time, port } = this.surroundings;
    while (this.#wire === undefined || this.#wire.isClosed) {
      const connection = await network.connect(port);
      if (connection !== undefined) this.#wire = new Wire(connection, time, this.name);
      else await this.pause(20, 200);
    }
    return this.#wire;
  }

  /** Undefined when nobody knows what became of it. */
  async ask<K extends ApiName>(
    name: K,
    version: number,
    request: RequestInput<K>,
    timeoutMs?: number,
  ): Promise<Response<K> | undefined> {
    const wire = await this.wire();
    return await wire.send(name, version, request, timeoutMs);
  }

  disconnect(): void {
    this.#wire?.close();
  }

  surprise(text: string): void {
    this.history.surprise(this.name, text);
  }

  /** For an error that the client can only try again after. */
  mustBeRetriable(what: string, errorCode: number): void {
    if (!isRetriable(errorCode)) this.surprise(`${what} was answered with ${errorName(errorCode)}`);
  }
}
