/**
 * The plainest client there can be, for tests and measurements: one connection, one request per call, any API and version of the
 * tables. It checks nothing and hides nothing.
 */
import net from 'node:net';

import {
  apis,
  decodeResponse,
  encodeRequest,
  type ApiName,
  type Apis,
  type RequestInput,
  type Response,
} from '@millrace/protocol';

interface Pending {
  readonly api: ApiName;
  readonly version: number;
  readonly resolve: (response: never) => void;
  readonly reject: (error: Error) => void;
}

export class WireClient implements AsyncDisposable {
  readonly #socket: net.Socket;
  readonly #pending = new Map<number, Pending>();
  readonly #closed = Promise.withResolvers<void>();
  #received: Buffer = Buffer.alloc(0);
  #correlationId = 0;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
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
    const correlationId = ++this.#correlationId;
    return await new Promise<Response<K>>((resolve, reject) => {
      this.#pending.set(correlationId, { api: name, version, resolve: resolve, reject });
      this.#write(name, version, correlationId, request);
    });
  }

  /** For produce with acks=0, which has no answer. */
  post<K extends ApiName>(name: K, version: number, request: RequestInput<K>): void {
    this.#write(name, version, ++this.#correlationId, request);
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

  #write<K extends ApiName>(name: K, version: number, correlationId: number, request: RequestInput<K>): void {
    const api: Apis[K] = apis[name];
    this.#socket.cork();
    for (const chunk of encodeRequest(api, version, correlationId, 'wire-client', request as never))
      this.#socket.write(chunk);
    this.#socket.uncork();
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= 4) {
      const end = 4 + this.#received.readInt32BE(0);
      if (this.#received.length < end) return;
      this.#answer(this.#received.subarray(4, end));
      this.#received = this.#received.subarray(end);
    }
  }

  #answer(frame: Buffer): void {
    const correlationId = frame.readInt32BE(0);
    const pending = this.#pending.get(correlationId);
    if (pending === undefined) return;
    this.#pending.delete(correlationId);
    try {
      pending.resolve(decodeResponse(apis[pending.api], pending.version, frame).response as never);
    } catch (error) {
      pending.reject(error as Error);
    }
  }

  #ended(): void {
    for (const { api, reject } of this.#pending.values())
      reject(new Error(`the connection was closed before ${api} was answered`));
    this.#pending.clear();
    this.#closed.resolve();
  }
}
