/**
 * A broker that says what a test tells it to, right or wrong, over sockets in memory. In: requests of a client, by its `dial`. Out: answers of
 * the script, in the order in which the requests came.
 */
import type { Socket, SocketEvents } from '@millrace/base';
import type { Dial } from '@millrace/net';
import {
  apiByKey,
  type ApiName,
  apis,
  apiWithExactOffsets,
  decodeRequest,
  decodeRequestHeader,
  encodeResponse,
} from '@millrace/protocol';

export interface ScriptedRequest {
  readonly name: ApiName;
  readonly version: number;
  readonly correlationId: number;
  /** By the tables with exact offsets. */
  readonly request: Record<string, unknown>;
  readonly connection: ScriptedConnection;
}

/**
 * Fields of an answer, the bytes of a whole frame with its length, nothing at all, or the end of the connection. Undefined is an ordinary
 * answer to ApiVersions, and the end of the connection for everything else.
 */
export type ScriptedAnswer = object | Uint8Array | 'silence' | 'close' | undefined;
export type Script = (request: ScriptedRequest) => ScriptedAnswer | Promise<ScriptedAnswer>;

export class ScriptedBroker {
  readonly asked: ScriptedRequest[] = [];
  /** All that were ever made. */
  readonly connections: ScriptedConnection[] = [];
  script: Script;
  /** False: nobody listens. */
  isUp = true;

  constructor(script: Script) {
    this.script = script;
  }

  get openCount(): number {
    return this.connections.filter(({ isClosed }) => !isClosed).length;
  }

  /** How often an API was asked. */
  count(name: ApiName): number {
    return this.asked.filter((request) => request.name === name).length;
  }

  connect(): Socket {
    const connection = new ScriptedConnection(async (frame) => await this.#answer(connection, frame));
    this.connections.push(connection);
    return connection;
  }

  async #answer(connection: ScriptedConnection, frame: Buffer): Promise<Uint8Array | 'silence' | 'close'> {
    const { apiKey, apiVersion: version, correlationId, bodyAt } = decodeRequestHeader(frame);
    const name = (Object.keys(apis) as ApiName[]).find((one) => apis[one].key === apiKey);
    if (name === undefined || bodyAt < 0) return 'close';
    const api = apiWithExactOffsets(name);
    const body = decodeRequest(api as never, version, frame, bodyAt) as Record<string, unknown>;
    const request: ScriptedRequest = { name, version, correlationId, request: body, connection };
    this.asked.push(request);
    const answer = (await this.script(request)) ?? (name === 'apiVersions' ? everyVersion() : 'close');
    if (answer instanceof Uint8Array || typeof answer === 'string') return answer;
    return Buffer.concat(encodeResponse(api as never, version, correlationId, answer as never));
  }
}

/** What brokers offer only where somebody looks at what clients push. */
const telemetryKeys: ReadonlySet<number> = new Set([apis.getTelemetrySubscriptions.key, apis.pushTelemetry.key]);

/** The answer of a broker that knows all that the tables know, and asks for no metrics of clients. */
export function everyVersion(): object {
  const known = apiByKey.filter((api) => api !== undefined).filter(({ key }) => !telemetryKeys.has(key));
  return {
    errorCode: 0,
    apiKeys: known.map(({ key, versions }) => ({
      apiKey: key,
      minVersion: versions.since,
      maxVersion: versions.until,
    })),
    throttleTimeMs: 0,
  };
}

/** Reaches brokers by their `host:port`; everywhere else nobody listens. */
export function dialScripted(brokers: ReadonlyMap<string, ScriptedBroker>): Dial {
  return async ({ host, port }) => {
    const broker = brokers.get(`${host}:${port}`);
    if (broker?.isUp === true) return broker.connect();
    throw Object.assign(new Error(`connect ECONNREFUSED ${host}:${port}`), { code: 'ECONNREFUSED' });
  };
}

export class ScriptedConnection implements Socket {
  readonly remoteAddress = '127.0.0.1';
  readonly remotePort = 1;
  readonly localPort = 2;
  readonly unsentBytes = 0;
  readonly #ask: (frame: Buffer) => Promise<Uint8Array | 'silence' | 'close'>;
  #events: SocketEvents | undefined;
  #rest = Buffer.alloc(0);
  #last: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(ask: (frame: Buffer) => Promise<Uint8Array | 'silence' | 'close'>) {
    this.#ask = ask;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  begin(events: SocketEvents): void {
    this.#events = events;
  }

  pause(): void {}

  resume(): void {}

  write(chunks: readonly Uint8Array[], taken?: () => void): void {
    this.#rest = Buffer.concat([this.#rest, ...chunks]);
    taken?.();
    while (this.#rest.length >= 4 && this.#rest.length >= 4 + this.#rest.readInt32BE(0)) {
      const end = 4 + this.#rest.readInt32BE(0);
      const frame = this.#rest.subarray(4, end);
      this.#rest = this.#rest.subarray(end);
      const answer = this.#ask(frame);
      this.#last = this.#last.then(async () => {
        const said = await answer;
        if (said === 'close') this.end();
        else if (said !== 'silence') this.say(said);
      });
    }
  }

  /** Bytes for the client, asked for or not. */
  say(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length && !this.#isClosed;) {
      const target = this.#events!.buffer();
      const count = Math.min(target.length, bytes.length - from);
      target.set(bytes.subarray(from, from + count));
      from += count;
      this.#events!.received(count);
    }
  }

  end(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#events?.closed();
  }
}
