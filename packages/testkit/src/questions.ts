/**
 * What one connection was asked and has not answered yet. In: requests, and bytes in pieces of any size. Out: the bytes of requests,
 * and the answer to each.
 */
import {
  apis,
  decodeResponse,
  encodeRequest,
  type ApiName,
  type Apis,
  type RequestInput,
  type Response,
} from '@millrace/protocol';

/** Exactly one of them is called, once. */
interface Asker<K extends ApiName> {
  answered(response: Response<K>): void;
  /** The answer cannot be read. */
  failed(error: Error): void;
  /** The connection ended before the answer. */
  ended(): void;
}

interface Question {
  readonly api: ApiName;
  readonly version: number;
  readonly asker: Asker<never>;
}

export class Questions {
  readonly #clientId: string;
  readonly #open = new Map<number, Question>();
  #received: Buffer = Buffer.alloc(0);
  #correlationId = 0;

  constructor(clientId: string) {
    this.#clientId = clientId;
  }

  ask<K extends ApiName>(name: K, version: number, request: RequestInput<K>, asker: Asker<K>): readonly Uint8Array[] {
    const chunks = this.post(name, version, request);
    this.#open.set(this.#correlationId, { api: name, version, asker });
    return chunks;
  }

  /** For what has no answer. */
  post<K extends ApiName>(name: K, version: number, request: RequestInput<K>): readonly Uint8Array[] {
    const api: Apis[K] = apis[name];
    return encodeRequest(api, version, ++this.#correlationId, this.#clientId, request as never);
  }

  take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= 4) {
      const end = 4 + this.#received.readInt32BE(0);
      if (this.#received.length < end) return;
      const frame = this.#received.subarray(4, end);
      this.#received = this.#received.subarray(end);
      this.#answer(frame);
    }
  }

  end(): void {
    for (const { asker } of this.#open.values()) asker.ended();
    this.#open.clear();
  }

  #answer(frame: Buffer): void {
    const correlationId = frame.readInt32BE(0);
    const question = this.#open.get(correlationId);
    if (question === undefined) return;
    this.#open.delete(correlationId);
    const { api, version, asker } = question;
    let response: unknown;
    try {
      response = decodeResponse(apis[api], version, frame).response;
    } catch (error) {
      asker.failed(error as Error);
      return;
    }
    asker.answered(response as never);
  }
}
