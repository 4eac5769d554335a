/**
 * The plainest client there can be, for tests and measurements: one connection, one request per call, any API and version of the
 * tables. It checks nothing and hides nothing.
 */
import net from 'node:net';

import type { ApiName, RequestInput, Response } from '@millrace/protocol';

import { Questions } from './questions.ts';

export class WireClient implements AsyncDisposable {
  readonly #socket: net.Socket;
  readonly #questions = new Questions('wire-client');
  readonly #closed = Promise.withResolvers<void>();

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#questions.take(chunk));
    socket.on('error', () => {});
    socket.on('close', () => this.#ended());
  }

  /** `bootstrap` is `host:port`. Rejects when nobody listens there. */
  static async connect(bootstrap: string): Promise<WireClient> {
    const at = bootstrap.lastIndexOf(':');
    const socket = net.connect({ host: bootstrap.slice(0, at), port: Number(bootstrap.slice(at + 1)) });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new WireClient(socket);
  }

  /** Settles when the connection is closed by either side. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Rejects when the connection ends before the answer. */
  async send<K extends ApiName>(name: K, version: number, request: RequestInput<K>): Promise<Response<K>> {
    return await new Promise<Response<K>>((resolve, reject) => {
      const ended = (): void => reject(new Error(`the connection was closed before ${name} was answered`));
      this.#write(this.#questions.ask(name, version, request, { answered: resolve, failed: reject, ended }));
    });
  }

  /** For produce with acks=0, which has no answer. */
  post<K extends ApiName>(name: K, version: number, request: RequestInput<K>): void {
    this.#write(this.#questions.post(name, version, request));
  }

  /** Bytes as they are, a frame or not. */
  writeRaw(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  close(): void {
    this.#socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.closed;
  }

  #write(chunks: readonly Uint8Array[]): void {
    this.#socket.cork();
    for (const chunk of chunks) this.#socket.write(chunk);
    this.#socket.uncork();
  }

  #ended(): void {
    this.#questions.end();
    this.#closed.resolve();
  }
}
