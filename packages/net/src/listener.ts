/**
 * One listening port. In: connections from the system, within the limits. Out: a `Connection` each, given to its owner.
 */
import {
  type Clock,
  isMillraceError,
  MillraceError,
  type Network,
  type Port,
  type Socket,
  type Timer,
  type Timers,
} from '@millrace/base';

import type { Admission } from './admission.ts';
import { Connection, type ConnectionOptions, type ConnectionOwner } from './connection.ts';
import { Gate } from './gate.ts';

export interface ListenerOptions extends ConnectionOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly backlog: number;
  /** A connection that asks nothing for so long is closed. */
  readonly idleMsMax: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly network: Network;
}

/** How often idle connections are looked for, at most. */
const sweepMsMax = 30_000;

export class Listener {
  readonly name: string;
  readonly #options: ListenerOptions;
  readonly #ports: Port[] = [];
  /** Accepted before `open`: nobody answers yet. */
  #early: Socket[] = [];
  readonly #connections = new Set<Connection>();
  #sweep: Timer | undefined;
  #gate: Gate | undefined;

  constructor(options: ListenerOptions) {
    this.name = options.listenerName;
    this.#options = options;
  }

  /** Connections open now. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  /** The port that is really listened on. */
  get port(): number {
    return this.#ports[0]?.port ?? 0;
  }

  /**
   * Takes the port; clients may connect, and are answered after `open`.
   * Throws `MillraceError` IN_USE for a busy port, CONFIG for an address that is not ours.
   */
  async listen(): Promise<void> {
    const { host, port } = this.#options;
    const [first, ...others] = host === 'localhost' ? ['127.0.0.1', '::1'] : [host === '' ? '::' : host];
    this.#ports.push(await this.#listenOn(first, port));
    for (const other of others) {
      try {
        this.#ports.push(await this.#listenOn(other, this.port));
      } catch (error) {
        // A machine without IPv6 has one loopback address only.
        if (isMillraceError(error) && error.code === 'IN_USE') {
          this.stop();
          throw error;
        }
      }
    }
    this.#sweepLater();
  }

  /** From now on requests of those that `admission` lets in are read, and given to `owner`. */
  open(owner: ConnectionOwner, admission: Admission): void {
    const { listenerName, clock, timers, backlog: waitingMax } = this.#options;
    const watched: ConnectionOwner = {
      frame: (connection, bytes, start, end) => owner.frame(connection, bytes, start, end),
      readEnded: (connection) => owner.readEnded(connection),
      refused: (connection, declaredBytes, head) => owner.refused(connection, declaredBytes, head),
      closed: (connection) => {
        this.#connections.delete(connection);
        admission.left(listenerName, connection.remoteAddress);
        owner.closed(connection);
      },
    };
    this.#gate = new Gate({ listenerName, admission, timers, waitingMax }, (socket) => {
      admission.entered(listenerName, socket.remoteAddress);
      this.#connections.add(new Connection(socket, watched, this.#options, clock.monotonic()));
    });
    const early = this.#early;
    this.#early = [];
    for (const socket of early) this.#accept(socket);
  }

  /** Accepts no more; open connections go on. */
  stop(): void {
    this.#sweep?.cancel();
    for (const port of this.#ports) port.close();
    this.#gate?.stop();
    for (const socket of this.#early) socket.destroy();
    this.#early = [];
  }

  /** Closes every connection once what is queued for it has been sent. */
  closeConnections(): void {
    for (const connection of this.#connections) connection.end();
  }

  destroyConnections(): void {
    for (const connection of this.#connections) connection.close();
  }

  connections(): Iterable<Connection> {
    return this.#connections;
  }

  async #listenOn(host: string, port: number): Promise<Port> {
    const { network, backlog } = this.#options;
    try {
      return await network.listen({ host, port, backlog }, (socket) => this.#accept(socket));
    } catch (error) {
      throw listenError(error as NodeJS.ErrnoException, this.name, host, port);
    }
  }

  #accept(socket: Socket): void {
    if (this.#gate === undefined) this.#early.push(socket);
    else this.#gate.arrive(socket);
  }

  #sweepLater(): void {
    const { idleMsMax, timers } = this.#options;
    if (idleMsMax <= 0) return;
    this.#sweep = timers.after(Math.min(idleMsMax, sweepMsMax), () => {
      this.#closeIdle();
      this.#sweepLater();
    });
  }

  #closeIdle(): void {
    const before = this.#options.clock.monotonic() - this.#options.idleMsMax;
    for (const connection of this.#connections) if (connection.lastActiveAtMs < before) connection.close();
  }
}

function listenError(error: NodeJS.ErrnoException, name: string, host: string, port: number): MillraceError {
  const where = `${host}:${port}`;
  if (error.code === 'EADDRINUSE') {
    return new MillraceError(
      'IN_USE',
      `Port ${port} of listener ${name} is in use: stop the program that listens on ${where}, or choose another port with --override listeners=${name}://${host}:PORT.`,
      { cause: error },
    );
  }
  return new MillraceError(
    'CONFIG',
    `Listener ${name} cannot listen on ${where} (${error.code ?? error.message}): give an address of this machine in "listeners".`,
    { cause: error },
  );
}
