/** What goes over a client's connections, in all and by broker. In: what connections tell. Out: Kafka's metrics of a selector and its nodes. */
import type { MetricRegistry, OpenMetrics } from './metric-registry.ts';
import { avg, count, countRate, gauge, max, rate, total } from './metric-table.ts';
import type { Sensor } from './sensor.ts';

/** Whose metrics these are: the beginning of the names of their groups. */
export type ClientKind = 'producer' | 'consumer' | 'admin-client';

/** The same in all and by broker. */
const traffic = {
  'response-rate': countRate('received', 'Answers a second'),
  'response-total': count('received', 'Answers'),
  'outgoing-byte-rate': rate('sent', 'Bytes sent a second'),
  'outgoing-byte-total': total('sent', 'Bytes sent'),
  'incoming-byte-rate': rate('received', 'Bytes received a second'),
  'incoming-byte-total': total('received', 'Bytes received'),
} as const;

export const networkTable = (kind: ClientKind) =>
  ({
    group: `${kind}-metrics`,
    tags: [],
    rows: {
      'connection-count': gauge('Connections at present'),
      'connection-creation-rate': countRate('opened', 'Connections made a second'),
      'connection-creation-total': count('opened', 'Connections made'),
      'connection-close-rate': countRate('closed', 'Connections ended a second'),
      'connection-close-total': count('closed', 'Connections ended'),
      'request-rate': countRate('sent', 'Requests sent a second'),
      'request-total': count('sent', 'Requests sent'),
      'request-size-avg': avg('sent', 'Bytes of a request'),
      'request-size-max': max('sent', 'Bytes of the largest request'),
      ...traffic,
      'successful-authentication-rate': countRate('login', 'Logins a second'),
      'successful-authentication-total': count('login', 'Logins'),
      'failed-authentication-rate': countRate('failed-login', 'Logins a second that failed'),
      'failed-authentication-total': count('failed-login', 'Logins that failed'),
      'successful-reauthentication-rate': countRate(
        'relogin',
        'Logins a second on connections that had logged in before',
      ),
      'successful-reauthentication-total': count('relogin', 'Logins on connections that had logged in before'),
      'failed-reauthentication-rate': countRate('failed-relogin', 'Those of them a second that failed'),
      'failed-reauthentication-total': count('failed-relogin', 'Those of them that failed'),
      'reauthentication-latency-avg': avg('relogin', 'Milliseconds that logging in again takes'),
      'reauthentication-latency-max': max('relogin', 'The longest of these'),
    },
  }) as const;

export const nodeTable = (kind: ClientKind) =>
  ({
    group: `${kind}-node-metrics`,
    tags: ['node-id'],
    rows: {
      'request-rate': countRate('sent', 'Requests sent to this broker a second'),
      'request-total': count('sent', 'Requests sent to this broker'),
      'request-size-avg': avg('sent', 'Bytes of a request'),
      'request-size-max': max('sent', 'Bytes of the largest request'),
      'request-latency-avg': avg('latency', 'Milliseconds from a request to its answer'),
      'request-latency-max': max('latency', 'The longest of these'),
      ...traffic,
    },
  }) as const;

type NetworkTable = ReturnType<typeof networkTable>;
type NodeTable = ReturnType<typeof nodeTable>;

/** What a connection tells of itself. Times are of the host's monotonic clock. */
export interface ConnectionMeter {
  opened(): void;
  closed(): void;
  sent(bytes: number, nowMs: number): void;
  answered(bytes: number, tookMs: number, nowMs: number): void;
  loggedIn(isAgain: boolean, hasFailed: boolean, tookMs: number): void;
}

export class NetworkMetrics {
  readonly #registry: MetricRegistry;
  readonly #kind: ClientKind;
  readonly #all: OpenMetrics<NetworkTable>;
  readonly #nodes = new Map<string, ConnectionMeter>();
  #strangers = 0;

  constructor(registry: MetricRegistry, kind: ClientKind, connectionCount: () => number) {
    this.#registry = registry;
    this.#kind = kind;
    this.#all = registry.open(networkTable(kind), { 'connection-count': connectionCount });
  }

  read(): ReturnType<OpenMetrics<NetworkTable>['read']> {
    return this.#all.read();
  }

  /** Of a broker, by its id; one that only its address is known of has a number below 0, as in Java's clients. */
  node(id: string): ConnectionMeter {
    let meter = this.#nodes.get(id);
    if (meter === undefined) {
      const nodeId = /^\d+$/.test(id) ? id : `${--this.#strangers}`;
      const node = this.#registry.open(nodeTable(this.#kind), {}, { 'node-id': `node-${nodeId}` });
      meter = new NodeMeter(this.#all.sensors, node.sensors);
      this.#nodes.set(id, meter);
    }
    return meter;
  }
}

type Sensors<T extends NetworkTable | NodeTable> = OpenMetrics<T>['sensors'];

class NodeMeter implements ConnectionMeter {
  readonly #all: Sensors<NetworkTable>;
  readonly #node: Sensors<NodeTable>;

  constructor(all: Sensors<NetworkTable>, node: Sensors<NodeTable>) {
    this.#all = all;
    this.#node = node;
  }

  opened(): void {
    this.#all.opened.record(1);
  }

  closed(): void {
    this.#all.closed.record(1);
  }

  sent(bytes: number, nowMs: number): void {
    this.#all.sent.record(bytes, nowMs);
    this.#node.sent.record(bytes, nowMs);
  }

  answered(bytes: number, tookMs: number, nowMs: number): void {
    this.#all.received.record(bytes, nowMs);
    this.#node.received.record(bytes, nowMs);
    this.#node.latency.record(tookMs, nowMs);
  }

  loggedIn(isAgain: boolean, hasFailed: boolean, tookMs: number): void {
    const sensor: Sensor =
      this.#all[hasFailed ? (isAgain ? 'failed-relogin' : 'failed-login') : isAgain ? 'relogin' : 'login'];
    sensor.record(tookMs);
  }
}
