/**
 * A network in memory. In: what both sides of a connection write. Out: the same bytes in the same order, later, cut at any place; or
 * nothing more, because the connection was reset, or because one side has gone.
 */
import type { ListenAddress, Network, Port, Socket } from '@millrace/base';

import type { Chance } from './chance.ts';
import type { History } from './history.ts';
import type { Life } from './life.ts';
import { SimulatedConnection } from './simulated-connection.ts';
import type { VirtualTime } from './virtual-time.ts';

const firstFreePort = 40_000;

export interface SimulatedNetworkOptions {
  readonly time: VirtualTime;
  readonly chance: Chance;
  readonly history: History;
  readonly life: () => Life;
}

export class SimulatedNetwork implements Network {
  readonly options: SimulatedNetworkOptions;
  readonly #accepting = new Map<number, (socket: Socket) => void>();
  readonly #connections = new Set<SimulatedConnection>();
  #nextPort = firstFreePort;
  /** How long bytes are on their way. */
  delayMsMax = 2;

  constructor(options: SimulatedNetworkOptions) {
    this.options = options;
  }

  listen({ port }: ListenAddress, accepted: (socket: Socket) => void): Promise<Port> {
    const taken = port === 0 ? this.#nextPort++ : port;
    if (this.#accepting.has(taken)) return Promise.reject(Object.assign(new Error('in use'), { code: 'EADDRINUSE' }));
    this.#accepting.set(taken, accepted);
    return Promise.resolve({ port: taken, close: () => void this.#accepting.delete(taken) });
  }

  /** Undefined when nobody listens there. */
  async connect(port: number): Promise<SimulatedConnection | undefined> {
    const { time, life } = this.options;
    await time.pause(this.delayMs());
    const accepted = this.#accepting.get(port);
    if (accepted === undefined) return undefined;
    const connection = new SimulatedConnection(this, life(), this.#nextPort++, port);
    this.#connections.add(connection);
    accepted(connection.server);
    return connection;
  }

  get openConnections(): readonly SimulatedConnection[] {
    return [...this.#connections];
  }

  /** Nobody listens any more, and every connection ends: some of what was sent before this turn may still arrive. */
  processEnds(): void {
    this.#accepting.clear();
    for (const connection of this.#connections) connection.reset(this.options.chance.oneIn(2));
  }

  gone(connection: SimulatedConnection): void {
    this.#connections.delete(connection);
  }

  delayMs(): number {
    return this.options.chance.amount(0.05, this.delayMsMax);
  }
}
