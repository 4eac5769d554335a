/**
 * One listening port. In: connections from the system, within the limits. Out: a `Connection` each, given to its owner.
 */
import net from 'node:net';

import { type Clock, isMillraceError, MillraceError } from '@millrace/base';

import { Connection, type ConnectionOptions, type ConnectionOwner } from './connection.ts';

export interface ListenerOptions extends ConnectionOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly backlog: number;
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
  /** A connection that asks nothing for so long is closed. */
  readonly idleMsMax: number;
  readonly clock: Clock;
}

export class Listener {
  readonly name: string;
  readonly #options: ListenerOptions;
  #owner: ConnectionOwner | undefined;
  readonly #servers: net.Server[] = [];
  /** Accepted before `open`: nobody answers yet. */
  #early: net.Socket[] = [];
  readonly #connections = new Set<Connection>();
  readonly #countPerAddress = new Map<string, number>();
  #sweep: NodeJS.Timeout | undefined;
  #refusedCount = 0;

  constructor(options: ListenerOptions) {
    this.name = options.listenerName;
    this.#options = options;
  }

  /** Connections open now. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Connections closed at once because a limit was reached. */
  get refusedCount(): number {
    return this.#refusedCount;
  }

  /** The port that is really listened on. */
  get port(): number {
    const address = this.#servers[0]?.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /**
   * Takes the port; clients may connect, and are answered after `open`.
   * Throws `MillraceError` IN_USE for a busy port, CONFIG for an address that is not ours.
   */
  async listen(): Promise<void> {
    const { host, port, idleMsMax } = this.#options;
    const [first, ...others] = host === 'localhost' ? ['127.0.0.1', '::1'] : [host === '' ? '::' : host];
    this.#servers.push(await this.#listenOn(first, port));
    for (const other of others) {
      try {
        this.#servers.push(await this.#listenOn(other, this.port));
      } catch (error) {
        // A machine without IPv6 has one loopback address only.
        if (isMillraceError(error) && error.code === 'IN_USE') {
          this.stop();
          throw error;
        }
      }
    }
    if (idleMsMax > 0) {
      this.#sweep = setInterval(() => this.#closeIdle(), Math.min(idleMsMax, 30_000));
      this.#sweep.unref();
    }
  }

  /** From now on requests are read, and given to `owner`. */
  open(owner: ConnectionOwner): void {
    this.#owner = {
      frame: (connection, bytes, start, end) => owner.frame(connection, bytes, start, end),
      readEnded: (connection) => owner.readEnded(connection),
      refused: (connection, declaredBytes, head) => owner.refused(connection, declaredBytes, head),
      closed: (connection) => {
        this.#forget(connection);
        owner.closed(connection);
      },
    };
    const early = this.#early;
    this.#early = [];
    for (const socket of early) this.#accept(socket);
  }

  /** Accepts no more; open connections go on. */
  stop(): void {
    clearInterval(this.#sweep);
    for (const server of this.#servers) server.close();
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

  async #listenOn(host: string, port: number): Promise<net.Server> {
    const server = net.createServer({ pauseOnConnect: true, noDelay: true, keepAlive: true }, (socket) =>
      this.#accept(socket),
    );
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, this.name, host, port)));
      server.listen({ host, port, backlog: this.#options.backlog }, () => resolve());
    });
    server.removeAllListeners('error');
    server.on('error', () => {});
    return server;
  }

  #accept(socket: net.Socket): void {
    const owner = this.#owner;
    if (owner === undefined) {
      this.#early.push(socket);
      return;
    }
    const address = socket.remoteAddress;
    if (address === undefined) {
      socket.destroy();
      return;
    }
    const count = this.#countPerAddress.get(address) ?? 0;
    if (this.#connections.size >= this.#options.connectionsMax || count >= this.#options.connectionsPerAddressMax) {
      this.#refusedCount++;
      socket.destroy();
      return;
    }
    this.#countPerAddress.set(address, count + 1);
    this.#connections.add(new Connection(socket, owner, this.#options, this.#options.clock.monotonic()));
  }

  #forget(connection: Connection): void {
    this.#connections.delete(connection);
    const count = (this.#countPerAddress.get(connection.remoteAddress) ?? 1) - 1;
    if (count === 0) this.#countPerAddress.delete(connection.remoteAddress);
    else this.#countPerAddress.set(connection.remoteAddress, count);
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
