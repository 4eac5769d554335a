/** The real network: `Network` over node:net. Reads land in the buffers of whoever reads. */
import net from 'node:net';

import type { ListenAddress, Network, Port, Socket, SocketEvents } from './network.ts';

export class NodeNetwork implements Network {
  async listen(address: ListenAddress, accepted: (socket: Socket) => void): Promise<Port> {
    const server = net.createServer({ pauseOnConnect: true, noDelay: true, keepAlive: true }, (socket) =>
      accepted(new NodeSocket(socket)),
    );
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ ...address }, () => resolve());
    });
    server.removeAllListeners('error');
    server.on('error', () => {});
    const bound = server.address();
    return {
      port: typeof bound === 'object' && bound !== null ? bound.port : address.port,
      close: () => void server.close(),
    };
  }
}

/** A connected socket of Node's. Only a plain one's reads can land in place; those of an encrypted one are copied. */
export class NodeSocket implements Socket {
  #socket: net.Socket;
  readonly #inPlace: boolean;

  constructor(connected: net.Socket, inPlace = true) {
    this.#socket = connected;
    this.#inPlace = inPlace;
  }

  get remoteAddress(): string {
    return this.#socket.remoteAddress ?? '';
  }

  get remotePort(): number {
    return this.#socket.remotePort ?? 0;
  }

  get localPort(): number {
    return this.#socket.localPort ?? 0;
  }

  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  begin(events: SocketEvents): void {
    const socket = this.#inPlace ? readInPlace(this.#socket, events) : readCopied(this.#socket, events);
    this.#socket = socket;
    socket.setNoDelay(true);
    let failure: Error | undefined;
    socket.on('error', (error) => {
      failure = error;
      socket.destroy();
    });
    socket.on('end', () => socket.destroy());
    socket.on('close', () => events.closed(failure));
    socket.on('drain', () => events.drained());
    if (socket.destroyed) events.closed();
    else socket.resume();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  write(chunks: readonly Uint8Array[], taken?: () => void): void {
    const socket = this.#socket;
    if (chunks.length === 1) {
      socket.write(chunks[0] as Uint8Array, taken);
      return;
    }
    socket.cork();
    for (let i = 0; i < chunks.length; i++) {
      socket.write(chunks[i] as Uint8Array, i === chunks.length - 1 ? taken : undefined);
    }
    socket.uncork();
  }

  end(): void {
    const socket = this.#socket;
    socket.end(() => socket.destroy());
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/**
 * `onread` reads into a buffer of ours, but only a socket's constructor takes it. So the accepted socket's handle moves into a new
 * socket. The handle is not public API: where it is missing, the chunks that Node allocates are copied instead.
 */
function readInPlace(accepted: net.Socket, events: SocketEvents): net.Socket {
  const wrapped = accepted as net.Socket & { _handle?: unknown };
  const handle = wrapped._handle;
  if (handle === undefined || handle === null) return readCopied(accepted, events);
  wrapped._handle = null;
  const options = {
    handle,
    onread: {
      buffer: () => events.buffer(),
      callback: (count: number) => {
        events.received(count);
        return true;
      },
    },
  };
  return new net.Socket(options as unknown as net.SocketConstructorOpts);
}

function readCopied(socket: net.Socket, events: SocketEvents): net.Socket {
  return socket.on('data', (chunk: Buffer) => {
    for (let from = 0; from < chunk.length;) {
      const target = events.buffer();
      const count = chunk.copy(target, 0, from);
      from += count;
      events.received(count);
    }
  });
}
