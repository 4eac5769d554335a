/** One connection of a simulated client. In: requests. Out: answers; or nothing, because the connection or the patience ended. */
import type { ApiName, RequestInput, Response } from '@millrace/protocol';

import { Questions } from '../../questions.ts';
import type { SimulatedConnection } from '../simulated-connection.ts';
import type { VirtualTime } from '../virtual-time.ts';

const requestTimeoutMs = 4_000;

export class Wire {
  readonly #connection: SimulatedConnection;
  readonly #time: VirtualTime;
  readonly #questions: Questions;

  constructor(connection: SimulatedConnection, time: VirtualTime, clientId: string) {
    this.#connection = connection;
    this.#time = time;
    this.#questions = new Questions(clientId);
    connection.onBytes = (bytes) => this.#questions.take(bytes);
    connection.onClosed = () => this.#questions.end();
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
    return await new Promise((resolve) => {
      const settle = (response: Response<K> | undefined): void => {
        timer.cancel();
        resolve(response);
      };
      const failed = (error: Error): never => {
        throw error;
      };
      const ended = (): void => settle(undefined);
      const chunks = this.#questions.ask(name, version, request, { answered: settle, failed, ended });
      const timer = this.#time.after(timeoutMs, () => {
        this.close();
        resolve(undefined);
      });
      this.#connection.send(Buffer.concat(chunks));
    });
  }

  /** For what has no answer. */
  post<K extends ApiName>(name: K, version: number, request: RequestInput<K>): void {
    if (!this.isClosed) this.#connection.send(Buffer.concat(this.#questions.post(name, version, request)));
  }

  close(): void {
    this.#connection.reset();
  }
}
