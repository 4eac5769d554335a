/**
 * TCP proxies in front of the brokers of a cluster. In: what clients and brokers send each other. Out: the same, unless a rule says otherwise:
 * answers that come late, with another error, or not at all, requests that never arrive, connections that end. Answers that name brokers name
 * the proxies instead, so that clients stay behind them.
 */
import { once } from 'node:events';
import net from 'node:net';

import {
  type ApiName,
  apis,
  apiWithExactOffsets,
  decodeRequest,
  decodeRequestHeader,
  decodeResponse,
  encodeResponse,
} from '@millrace/protocol';

export interface ProxiedRequest {
  readonly name: ApiName;
  readonly version: number;
  /** Of the broker as the proxy knows it: its real `host:port`. */
  readonly broker: string;
  /** Decoded when it is asked for; offsets are bigints. */
  readonly body: () => Record<string, unknown>;
}

export interface Verdict {
  /** The connection ends, and the broker never sees the request. */
  readonly cutBefore?: boolean;
  /** The broker acts, the answer is lost, and the connection ends. */
  readonly cutAfter?: boolean;
  /** The answer, and all behind it on this connection, come so much later. */
  readonly delayMs?: number;
  /** What the answer says instead: gets the decoded answer, gives the one that is sent. */
  readonly rewrite?: (answer: Record<string, unknown>) => Record<string, unknown>;
  /** The broker never sees the request; this is the answer. */
  readonly answer?: Record<string, unknown>;
  /** The version of `answer`, where it is not that of the request. */
  readonly answerVersion?: number;
}

/** Called for each request; undefined lets it pass. */
export type FaultRule = (request: ProxiedRequest) => Verdict | undefined;

const host = '127.0.0.1';

export class FaultProxy implements AsyncDisposable {
  rule: FaultRule = () => undefined;
  /** Requests that have passed by, by name. */
  readonly counts = new Map<ApiName, number>();
  readonly #servers = new Map<string, Promise<net.Server>>();
  readonly #ports = new Map<string, number>();
  readonly #sockets = new Set<net.Socket>();
  #isClosed = false;
  #failure: unknown;

  /** Listens for the given brokers; others get their proxies when an answer names them. */
  static async open(bootstrap: string): Promise<FaultProxy> {
    const proxy = new FaultProxy();
    await Promise.all(bootstrap.split(',').map((broker) => proxy.#serve(broker)));
    return proxy;
  }

  get bootstrap(): string {
    return [...this.#ports.values()].map((port) => `${host}:${port}`).join(',');
  }

  /** Ends what is connected now. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.cutAll();
    const servers = await Promise.all(this.#servers.values());
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    if (this.#failure !== undefined) throw this.#failure;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** What passes a request on its way; for `ProxiedConnection`. */
  judge(request: ProxiedRequest): Verdict | undefined {
    this.counts.set(request.name, (this.counts.get(request.name) ?? 0) + 1);
    return this.rule(request);
  }

  /** The address of the proxy in front of a broker. */
  async addressFor(broker: string): Promise<{ host: string; port: number }> {
    await this.#serve(broker);
    return { host, port: this.#ports.get(broker)! };
  }

  /** A rule asked for what cannot be: every later `close` says so. */
  failed(error: unknown, cut: () => void): void {
    this.#failure ??= error;
    cut();
  }

  track(...sockets: readonly net.Socket[]): void {
    for (const socket of sockets) {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    }
  }

  #serve(broker: string): Promise<net.Server> {
    let server = this.#servers.get(broker);
    if (server === undefined) {
      server = this.#listen(broker);
      this.#servers.set(broker, server);
    }
    return server;
  }

  async #listen(broker: string): Promise<net.Server> {
    const server = net.createServer({ noDelay: true }, (client) => {
      if (this.#isClosed) client.destroy();
      else proxyConnection(this, broker, client);
    });
    server.listen(0, host);
    await once(server, 'listening');
    this.#ports.set(broker, (server.address() as net.AddressInfo).port);
    return server;
  }
}

function proxyConnection(proxy: FaultProxy, broker: string, client: net.Socket): void {
  const connection = new ProxiedConnection(proxy, broker, client);
  connection.begin();
}

interface Passed {
  readonly name: ApiName;
  readonly version: number;
  readonly correlationId: number;
  readonly verdict: Verdict | undefined;
}

class ProxiedConnection {
  readonly #proxy: FaultProxy;
  readonly #broker: string;
  readonly #client: net.Socket;
  readonly #server: net.Socket;
  /** Oldest first; those with an answer of ours never reach the broker. */
  readonly #passed: Passed[] = [];
  /** What leaves, leaves in order. */
  #leaving: Promise<void> = Promise.resolve();

  constructor(proxy: FaultProxy, broker: string, client: net.Socket) {
    const at = broker.lastIndexOf(':');
    this.#proxy = proxy;
    this.#broker = broker;
    this.#client = client;
    this.#server = net.connect({ host: broker.slice(0, at), port: Number(broker.slice(at + 1)), noDelay: true });
    proxy.track(client, this.#server);
  }

  begin(): void {
    const client = this.#client;
    for (const socket of [client, this.#server]) socket.on('error', () => this.#cut()).on('close', () => this.#cut());
    onFrames(client, (frame) => this.#request(frame));
    onFrames(this.#server, (frame) => this.#answered(frame));
  }

  #request(frame: Buffer): void {
    const { apiKey, apiVersion: version, correlationId, bodyAt } = decodeRequestHeader(frame, 4);
    const name = names.get(apiKey);
    if (name === undefined || bodyAt < 0) return this.#cut();
    const api = apiWithExactOffsets(name);
    const body = (): Record<string, unknown> => decodeRequest(api as never, version, frame, bodyAt);
    const verdict = this.#proxy.judge({ name, version, broker: this.#broker, body });
    if (verdict?.cutBefore === true) return this.#cut();
    if (name === 'produce' && body()['acks'] === 0) return void this.#server.write(frame);
    const passed: Passed = { name, version, correlationId, verdict };
    if (verdict?.answer !== undefined) {
      assertIdle(this.#passed.length);
      return this.#leave({ ...passed, version: verdict.answerVersion ?? version }, verdict.answer);
    }
    this.#passed.push(passed);
    this.#server.write(frame);
  }

  #answered(frame: Buffer): void {
    const passed = this.#passed.shift();
    if (passed === undefined || frame.readInt32BE(4) !== passed.correlationId) return this.#cut();
    const { name, version, verdict } = passed;
    if (verdict?.cutAfter === true) return this.#cut();
    const isPlain = verdict?.rewrite === undefined && !namesBrokers.has(name);
    if (isPlain || (name === 'apiVersions' && frame.readInt16BE(8) !== 0)) return this.#leave(passed, frame);
    const api = apiWithExactOffsets(name);
    const { response } = decodeResponse(api as never, version, frame.subarray(4));
    const answer = response as unknown as Record<string, unknown>;
    this.#leave(passed, verdict?.rewrite?.(answer) ?? answer);
  }

  #leave({ name, version, correlationId, verdict }: Passed, answer: Buffer | Record<string, unknown>): void {
    const leave = async (): Promise<void> => {
      if (verdict?.delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, verdict.delayMs));
      if (this.#client.destroyed) return;
      if (Buffer.isBuffer(answer)) return void this.#client.write(answer);
      const readdressed = namesBrokers.has(name) ? await this.#readdress(answer) : answer;
      const api = apiWithExactOffsets(name);
      this.#client.write(Buffer.concat(encodeResponse(api as never, version, correlationId, readdressed as never)));
    };
    this.#leaving = this.#leaving.then(leave).catch((error: unknown) => this.#proxy.failed(error, () => this.#cut()));
  }

  /** Every `host` and `port` in it, at any depth, becomes that of the proxy. */
  async #readdress(value: unknown): Promise<unknown> {
    if (Array.isArray(value)) return await Promise.all(value.map((element) => this.#readdress(element)));
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
    const entries = await Promise.all(
      Object.entries(value).map(async ([key, inner]) => [key, await this.#readdress(inner)] as const),
    );
    const copy: Record<string, unknown> = Object.fromEntries(entries);
    if (typeof copy['host'] === 'string' && typeof copy['port'] === 'number' && copy['host'] !== '')
      Object.assign(copy, await this.#proxy.addressFor(`${copy['host']}:${copy['port']}`));
    return copy;
  }

  #cut(): void {
    this.#client.destroy();
    this.#server.destroy();
  }
}

const names = new Map((Object.keys(apis) as ApiName[]).map((name) => [apis[name].key, name]));
/** Where answers tell clients whom to connect to. */
const namesBrokers: ReadonlySet<ApiName> = new Set([
  'metadata',
  'findCoordinator',
  'describeCluster',
  'produce',
  'fetch',
  'shareFetch',
  'shareAcknowledge',
]);

/** An answer of ours must not overtake one of the broker's. */
function assertIdle(passedCount: number): void {
  if (passedCount > 0) throw new Error('an answer of the proxy’s own needs a connection where nothing is under way');
}

/** Whole frames, length included. */
function onFrames(socket: net.Socket, take: (frame: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= 4) {
      const end = 4 + rest.readInt32BE(0);
      if (rest.length < end) return;
      const frame = rest.subarray(0, end);
      rest = rest.subarray(end);
      take(frame);
    }
  });
}
