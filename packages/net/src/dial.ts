/**
 * A socket to a server, the other end of `listener.ts`. In: an address, and how to encrypt. Out: a connected `Socket` whose reads land in
 * the buffers of whoever reads.
 */
import net from 'node:net';
import tls from 'node:tls';

import { NodeSocket, type Socket } from '@millrace/base';

export interface DialAddress {
  readonly host: string;
  readonly port: number;
  /** Left out: no encryption. */
  readonly tls?: tls.ConnectionOptions;
  /** For the connection and its TLS handshake together. */
  readonly timeoutMs: number;
  /** Gives up connecting; what is connected stays. */
  readonly signal?: AbortSignal;
}

export type Dial = (address: DialAddress) => Promise<Socket>;

/** Rejects with the system's own error, or with ETIMEDOUT. */
export const dial: Dial = async (address) => {
  const { host, port } = address;
  if (address.tls === undefined) {
    const socket = net.connect({ host, port, noDelay: true, keepAlive: true, autoSelectFamily: true });
    await connected(socket, 'connect', address);
    return new NodeSocket(socket);
  }
  const servername = net.isIP(host) === 0 ? { servername: host } : {};
  const socket = tls.connect({ ...servername, ...address.tls, host, port });
  socket.setKeepAlive(true);
  await connected(socket, 'secureConnect', address);
  return new NodeSocket(socket, false);
};

function connected(socket: net.Socket, event: string, address: DialAddress): Promise<void> {
  const { host, port, timeoutMs, signal } = address;
  return new Promise((resolve, reject) => {
    const done = (settle: () => void): void => {
      clearTimeout(timeout);
      signal?.removeEventListener('abort', abort);
      socket.off('error', failed).off('close', closed).off(event, opened);
      settle();
    };
    const failed = (error: Error): void => {
      done(() => reject(error));
      socket.on('error', () => {}).destroy();
    };
    const closed = (): void => failed(systemError('ECONNRESET', `${host}:${port} closed the connection`));
    const abort = (): void => failed(systemError('ECONNABORTED', `connecting to ${host}:${port} was given up`));
    const opened = (): void => done(resolve);
    const late = (): void => failed(systemError('ETIMEDOUT', `${host}:${port} did not answer within ${timeoutMs} ms`));
    const timeout = setTimeout(late, Math.min(timeoutMs, 0x7fff_ffff));
    socket.on('error', failed).on('close', closed).on(event, opened);
    signal?.addEventListener('abort', abort);
    if (signal?.aborted === true) abort();
  });
}

function systemError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
