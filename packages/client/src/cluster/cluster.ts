/**
 * The way from a request to the broker that answers it. In: a request and whom it is for. Out: the answer, as the broker gave it.
 *
 * Connections are made when they are first needed, kept by broker and purpose (so that a fetch that waits on purpose holds nobody up), and
 * closed after `connections.max.idle.ms`. A broker that could not be reached is left alone for a growing pause.
 */
import type { Timer, Values } from '@millrace/base';
import type { ApiName, ExactResponse } from '@millrace/protocol';

import { pause, type ClientHost } from '../client-host.ts';
import { ClientError, isClientError, wantsMetadata } from '../error.ts';
import type { clientKeys } from '../options/client-keys.ts';
import { MetricRegistry } from '../metrics/metric-registry.ts';
import { type ClientKind, NetworkMetrics } from '../metrics/network-metrics.ts';
import { parseBootstrap } from '../options/bootstrap-servers.ts';
import { type Login, loginFor } from '../security/login.ts';
import type { SecurityOptions } from '../security/security-options.ts';
import { tlsOptionsOf } from '../security/tls-options.ts';
import { backoffMs } from './backoff.ts';
import { Connection, type Outgoing, type RequestObserver, type SendOptions } from './connection.ts';
import { controllersOf } from './controllers.ts';
import { Coordinators, type CoordinatorType } from './coordinators.ts';
import { Metadata } from './metadata.ts';
import type { BrokerNode } from './topic-metadata.ts';

export type ClientConfig = Values<typeof clientKeys>;

export interface ClusterOptions {
  readonly host: ClientHost;
  readonly config: ClientConfig;
  readonly allowAutoCreateTopics?: boolean;
  readonly observe?: RequestObserver;
  readonly security?: SecurityOptions;
  /** Whose metrics these are; left out: an admin's. */
  readonly kind?: ClientKind;
  /** Whose addresses bootstrap.servers are; the other nodes are of the same kind. */
  readonly nodes?: 'brokers' | 'controllers';
}

/** Whom a request is for: a broker by its id, any broker, the controller, or the coordinator of something. */
export type Target = number | 'any' | 'controller' | { readonly type: CoordinatorType; readonly key: string };

export interface RequestOptions extends SendOptions {
  /** Requests of different purposes never wait for each other. */
  readonly purpose?: string;
}

interface Lane {
  readonly node: Pick<BrokerNode, 'host' | 'port'>;
  readonly connection: Promise<Connection>;
  open: Connection | undefined;
}

interface Reach {
  failures: number;
  notBeforeMs: number;
}

const frameBytesMax = 256 << 20;
const answeredByAny: ReadonlySet<ApiName> = new Set(['describeCluster', 'apiVersions']);
const idleLookMs = 10_000;

export class Cluster {
  readonly metadata: Metadata;
  readonly coordinators: Coordinators;
  readonly host: ClientHost;
  readonly config: ClientConfig;
  readonly kind: ClientKind;
  readonly nodes: 'brokers' | 'controllers';
  /** All that the client measures of itself. */
  readonly metrics: MetricRegistry;
  readonly network: NetworkMetrics;
  readonly #observe: RequestObserver | undefined;
  readonly #security: SecurityOptions;
  readonly #login: Login | undefined;
  readonly #bootstrap: readonly Pick<BrokerNode, 'host' | 'port'>[];
  readonly #lanes = new Map<string, Lane>();
  readonly #reach = new Map<string, Reach>();
  readonly #closing = new AbortController();
  readonly #connected = Promise.withResolvers<void>();
  #idleTimer: Timer | undefined;

  /** Connects to nobody yet. Throws `ClientError` CONFIG. */
  constructor(options: ClusterOptions) {
    const { host, config, allowAutoCreateTopics, observe, security = {} } = options;
    const { kind = 'admin-client', nodes = 'brokers' } = options;
    this.host = host;
    this.config = config;
    this.kind = kind;
    this.nodes = nodes;
    this.metrics = new MetricRegistry(host.clock, config);
    this.network = new NetworkMetrics(this.metrics, kind, () => this.#connectionCount);
    this.#observe = observe;
    this.#security = security;
    this.#login = loginFor(config, host, security);
    // Files are read again for each connection; that they are there, and fit, is said now.
    tlsOptionsOf(config, security);
    this.#bootstrap = parseBootstrap(config['bootstrap.servers'] ?? []);
    this.metadata = new Metadata({
      host,
      config: { ...config, 'allow.auto.create.topics': allowAutoCreateTopics ?? true },
      ask: (request) => (nodes === 'controllers' ? controllersOf(this) : this.request('any', 'metadata', request)),
    });
    this.coordinators = new Coordinators((request) => this.request('any', 'findCoordinator', request));
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Aborts when the client is closed. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Ms by the host's monotonic clock after which a call with all its retries is given up. */
  deadline(timeoutMs: number = this.config['default.api.timeout.ms']): number {
    return this.host.clock.monotonic() + timeoutMs;
  }

  /** One request, one try. Throws `ClientError` when there is no answer; what an answer says is the caller's business. */
  async request<K extends ApiName>(
    target: Target,
    name: K,
    request: Outgoing<K>,
    options: RequestOptions = {},
  ): Promise<ExactResponse<K>> {
    try {
      // Of controllers only the active one does anything, while every one names it.
      const isForActive = this.nodes === 'controllers' && target === 'any' && !answeredByAny.has(name);
      const connection = await this.connect(isForActive ? 'controller' : target, options.purpose);
      return await connection.send(name, request, options);
    } catch (error) {
      if (typeof target === 'object' && isClientError(error) && error.retriable)
        this.coordinators.forget(target.type, target.key);
      throw error;
    }
  }

  /** A connection that is ready for requests. Throws `ClientError` UNREACHABLE, AUTHENTICATION, CLOSED or what finding the broker throws. */
  async connect(target: Target, purpose = ''): Promise<Connection> {
    if (target === 'any') return await this.#connectToAny(purpose);
    if (typeof target === 'object') {
      const node = await this.coordinators.find(target.type, target.key);
      return await this.#connectTo(node, `${node.id}`, purpose || 'coordinator');
    }
    const id = target === 'controller' ? await this.#controllerId() : target;
    const node = this.metadata.nodes.get(id);
    if (node !== undefined) return await this.#connectTo(node, `${id}`, purpose);
    this.metadata.invalidate();
    throw new ClientError('UNREACHABLE', `The cluster names no broker ${id} at present.`);
  }

  /** Settles when the first connection is there. */
  get connected(): Promise<void> {
    return this.#connected.promise;
  }

  /** Those that are open now, of all brokers and purposes. */
  *connections(): Iterable<Connection> {
    for (const { open } of this.#lanes.values()) if (open?.isClosed === false) yield open;
  }

  /**
   * Calls `attempt` until it succeeds, fails for good, or the time is over: then with the last failure. `attempt` throws `ClientError`;
   * those that are retriable are tried again after a growing pause.
   */
  async retry<T>(deadlineMs: number, attempt: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { config, host } = this;
    for (let tries = 1; ; tries++) {
      try {
        return await attempt();
      } catch (error) {
        if (!isClientError(error) || !error.retriable || this.isClosed) throw error;
        if (wantsMetadata(error)) this.metadata.invalidate();
        const waitMs = backoffMs(tries, config['retry.backoff.ms'], config['retry.backoff.max.ms'], host.random);
        if (host.clock.monotonic() + waitMs >= deadlineMs) throw error;
        await pause(host, waitMs, signal, this.closing);
        if (this.isClosed) throw closed();
        if (signal?.aborted === true)
          throw new ClientError('ABORTED', 'The call was aborted.', { cause: signal.reason });
      }
    }
  }

  /** Ends all connections; what waits on them throws CLOSED. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.#closing.abort();
    this.metadata.close();
    this.#idleTimer?.cancel();
    const lanes = [...this.#lanes.values()];
    this.#lanes.clear();
    for (const { open } of lanes) open?.close(closed());
    await Promise.allSettled(lanes.map(({ connection }) => connection));
  }

  async #controllerId(): Promise<number> {
    if (this.metadata.controllerId < 0) await this.metadata.refresh();
    return this.metadata.controllerId;
  }

  /**
   * One that is connected, else the others in random order, those last that have just failed: brokers that are known, and the ones to
   * begin with when none of those can be had (KIP-899), or none has known anything for long (KIP-1102).
   */
  async #connectToAny(purpose: string): Promise<Connection> {
    let failure: unknown;
    for (const { host, port, id = `${host}:${port}` } of this.#candidates(purpose)) {
      try {
        return await this.#connectTo({ host, port }, `${id}`, purpose);
      } catch (error) {
        if (isFinal(error)) throw error;
        failure = error;
      }
    }
    const servers = this.#bootstrap.map(({ host, port }) => `${host}:${port}`).join(',');
    const reason = failure instanceof Error ? ` ${failure.message}` : '';
    throw new ClientError('UNREACHABLE', `No broker can be reached (bootstrap.servers=${servers}).${reason}`, {
      cause: failure,
    });
  }

  #candidates(purpose: string): (Pick<BrokerNode, 'host' | 'port'> & { readonly id?: number })[] {
    const nodes = this.#shuffled([...this.metadata.nodes.values()]);
    const isConnected = (id: number): boolean => this.#lanes.get(laneName(`${id}`, purpose))?.open?.isClosed === false;
    const failures = ({ host, port }: BrokerNode): number => this.#reach.get(`${host}:${port}`)?.failures ?? 0;
    nodes.sort((a, b) => Number(isConnected(b.id)) - Number(isConnected(a.id)) || failures(a) - failures(b));
    if (nodes.length > 0 && this.config['metadata.recovery.strategy'].toLowerCase() === 'none') return nodes;
    const isLost = this.metadata.failingForMs > this.config['metadata.recovery.rebootstrap.trigger.ms'];
    const first = this.#shuffled(this.#bootstrap);
    return isLost ? [...first, ...nodes] : [...nodes, ...first];
  }

  async #connectTo(node: Pick<BrokerNode, 'host' | 'port'>, id: string, purpose: string): Promise<Connection> {
    if (this.isClosed) throw closed();
    const name = laneName(id, purpose);
    const lane = this.#lanes.get(name);
    if (lane !== undefined) {
      if (lane.node.host === node.host && lane.node.port === node.port && lane.open?.isClosed !== true)
        return await lane.connection;
      lane.open?.close(moved(id, lane.node));
    }
    const opened: Lane = { node, connection: this.#open(node, id), open: undefined };
    this.#lanes.set(name, opened);
    const gone = (): void => {
      if (this.#lanes.get(name) === opened) this.#lanes.delete(name);
    };
    try {
      const connection = await opened.connection;
      opened.open = connection;
      if (this.#lanes.get(name) !== opened) connection.close(moved(id, node));
      void connection.closed.then(gone);
      this.#watchIdle();
      this.#connected.resolve();
      return connection;
    } catch (error) {
      gone();
      throw error;
    }
  }

  async #open({ host, port }: Pick<BrokerNode, 'host' | 'port'>, id: string): Promise<Connection> {
    const { config } = this;
    const broker = `${host}:${port}`;
    const reach = this.#reach.get(broker) ?? { failures: 0, notBeforeMs: 0 };
    const waitMs = reach.notBeforeMs - this.host.clock.monotonic();
    if (waitMs > 0) await pause(this.host, waitMs, this.closing);
    if (this.isClosed) throw closed();
    try {
      const tls = tlsOptionsOf(config, this.#security);
      const connection = await Connection.open({
        host: this.host,
        address: { host, port, timeoutMs: this.#setupTimeoutMs(reach.failures), ...(tls && { tls }) },
        clientId: config['client.id'],
        requestTimeoutMs: config['request.timeout.ms'],
        frameBytesMax,
        login: this.#login,
        signal: this.closing,
        observe: this.#observe,
        meter: this.network.node(id),
      });
      this.#reach.delete(broker);
      if (this.isClosed) connection.close(closed());
      return connection;
    } catch (error) {
      if (this.isClosed) throw closed();
      const failures = reach.failures + 1;
      const pauseMs = backoffMs(
        failures,
        config['reconnect.backoff.ms'],
        config['reconnect.backoff.max.ms'],
        this.host.random,
      );
      this.#reach.set(broker, { failures, notBeforeMs: this.host.clock.monotonic() + pauseMs });
      const isGiven = this.#bootstrap.some((one) => one.host === host && one.port === port);
      throw isGiven || !isClientError(error) || error.code !== 'UNREACHABLE' ? error : notGiven(error);
    }
  }

  get #connectionCount(): number {
    return [...this.connections()].length;
  }

  #setupTimeoutMs(failures: number): number {
    const { 'socket.connection.setup.timeout.ms': firstMs, 'socket.connection.setup.timeout.max.ms': maxMs } =
      this.config;
    return Math.min(Math.max(firstMs, maxMs), firstMs * 2 ** Math.min(failures, 10));
  }

  /** Runs only while there are connections. */
  #watchIdle(): void {
    const idleMsMax = this.config['connections.max.idle.ms'];
    if (idleMsMax < 0 || this.#idleTimer !== undefined || this.isClosed) return;
    this.#idleTimer = this.host.timers.after(Math.max(idleLookMs, idleMsMax / 10), () => {
      this.#idleTimer = undefined;
      const oldestMs = this.host.clock.monotonic() - idleMsMax;
      for (const { open } of this.#lanes.values())
        if (open?.pendingCount === 0 && open.lastUsedAtMs < oldestMs) open.close();
      if (this.#lanes.size > 0) this.#watchIdle();
    });
  }

  #shuffled<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let index = shuffled.length - 1; index > 0; index--) {
      const other = this.host.random.below(index + 1);
      [shuffled[index], shuffled[other]] = [shuffled[other]!, shuffled[index]!];
    }
    return shuffled;
  }
}

const laneName = (id: string, purpose: string): string => `${id}/${purpose}`;

/** The address came from the cluster, which is where most mistakes with addresses are. */
function notGiven(error: ClientError): ClientError {
  const text = `${error.message} The cluster itself names this address (advertised.listeners of the broker); it must be one that this machine reaches.`;
  return new ClientError(error.code, text, {
    cause: error,
    ...(error.broker !== undefined && { broker: error.broker }),
  });
}

function moved(id: string, { host, port }: Pick<BrokerNode, 'host' | 'port'>): ClientError {
  return new ClientError('DISCONNECTED', `Broker ${id} is not at ${host}:${port} any more.`);
}

/** Asking another broker would not help. */
function isFinal(error: unknown): boolean {
  return (
    isClientError(error) && (error.code === 'CLOSED' || error.code === 'AUTHENTICATION' || error.code === 'CONFIG')
  );
}

const closed = (): ClientError => new ClientError('CLOSED', 'The client was closed.');
