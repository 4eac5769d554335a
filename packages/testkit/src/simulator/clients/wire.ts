/** One connection of a simulated client. In: requests. Out: answers; or nothing, because the connection or the patience ended. */
import {
  apis,
  decodeResponse,
  encodeRequest,
  type ApiName,
  type Apis,
  type RequestInput,
  type Response,
} from '@millrace/protocol';

import type { SimulatedConnection } from '../simulated-connection.ts';
import type { VirtualTime } from '../virtual-time.ts';

interface Pending {
  readonly api: ApiName;
  readonly version: number;
  readonly answered: (response: unknown) => void;
}

const requestTimeoutMs = 4_000;

export class Wire {
  readonly #connection: SimulatedConnection;
  readonly #time: VirtualTime;
  readonly #clientId: string;
  readonly #pending = new Map<number, Pending>();
  #received: Buffer = Buffer.alloc(0);
  #correlationId = 0;

  constructor(connection: SimulatedConnection, time: VirtualTime, clientId: string) {
    this.#connection = connection;
    this.#time = time;
    this.#clientId = clientId;
    connection.onBytes = (bytes) => this.#take(bytes);
    connection.onClosed = () => this.#ended();
  }

  get isClosed(): boolean {
    return this.#connection.isClosed;
  }

  /** Undefined when nobody knows what became of the request. */
  async send<K extends ApiName>(
    name: K,
    version: number,
    request: RequestInput<K>,
    timeoutMs = requestTimeoutMs,
  ): Promise<Response<K> | undefined> {
    if (this.isClosed) return undefined;
    const correlationId = ++this.#correlationId;
    const api: Apis[K] = apis[name];
    const bytes = Buffer.concat(encodeRequest(api, version, correlationId, this.#clientId, request as never));
    return await new Promise((resolve) => {
      const timer = this.#time.after(timeoutMs, () => {
        this.close();
        resolve(undefined);
      });
      const answered = (response: unknown): void => {
        timer.cancel();
        resolve(response as Response<K> | undefined);
      };
      this.#pending.set(correlationId, { api: name, version, answered });
      this.#connection.send(bytes);
    });
  }

  /** For what has no answer. */
  post<K extends ApiName>(name: K, version: number, request: RequestInput<K>): void {
    const api: Apis[K] = apis[name];
    if (this.isClosed) return;
    this.#connection.send(
      Buffer.concat(encodeRequest(api, version, ++this.#correlationId, this.#clientId, request as never)),
    );
  }

  close(): void {
    this.#connection.reset();
  }

  #take(bytes: Buffer): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    while (this.#received.length >= 4) {
      const end = 4 + this.#received.readInt32BE(0);
      if (this.#received.length < end) return;
      const frame = this.#received.subarray(4, end);
      this.#received = this.#received.subarray(end);
      const correlationId = frame.readInt32BE(0);
      const pending = this.#pending.get(correlationId);
      this.#pending.delete(correlationId);
      pending?.answered(decodeResponse(apis[pending.api], pending.version, frame).response);
    }
  }

  #ended(): void {
    for (const { answered } of this.#pending.values()) answered(undefined);
    this.#pending.clear();
  }
}
