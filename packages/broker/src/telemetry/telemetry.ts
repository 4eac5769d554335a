/**
 * Metrics of clients (KIP-714). In: clients that ask what is wanted of them, and push it. Out: what they may push and how often, and
 * verdicts on what they pushed, in Kafka's order of checks; what is right shows on /metrics until the client is gone.
 */
import type { Clock, Logger } from '@millrace/base';
import { CompressionError, decompress, errors, zeroUuid } from '@millrace/protocol';

import type { Names } from '../admin/measure.ts';
import type { BrokerConfig } from '../config/broker-config.ts';
import type { Exchange } from '../exchange.ts';
import { resourceTypes, type MetadataImage } from '../metadata/image.ts';
import type { MetadataRecord } from '../metadata/record.ts';
import type { Settings } from '../settings.ts';
import { ClientSeries } from './client-series.ts';
import { decodeMetrics } from './otlp.ts';
import { subscriptionIdOf, Subscriptions, type WantedMetrics } from './subscriptions.ts';
import { OtlpError } from './wire-reader.ts';

/** A client that was heard of. Times are monotonic. */
interface Client {
  readonly id: string;
  readonly clientId: string;
  readonly attributes: ReadonlyMap<string, string>;
  wanted: WantedMetrics;
  subscriptionId: number;
  version: number;
  askedAtMs: number;
  pushedAtMs: number;
  isTerminating: boolean;
  lastError: number;
  expiresAtMs: number;
}

export interface Push {
  readonly clientInstanceId: string;
  readonly subscriptionId: number;
  readonly terminating: boolean;
  readonly compressionType: number;
  readonly metrics: Buffer;
}

export interface TelemetryDoors {
  readonly host: { readonly clock: Clock; readonly log: Logger };
  readonly image: MetadataImage;
  readonly settings: Settings;
  /** Where somebody can see what clients push. */
  readonly config: Pick<BrokerConfig, 'adminListener'>;
}

/** As in Kafka. */
const clientsMax = 16_384;
const expiryMsMin = 60_000;
const lookMsMin = 1000;
/** Ids that mean something else. */
const reservedIds: ReadonlySet<string> = new Set([zeroUuid, 'AAAAAAAAAAAAAAAAAAAAAQ']);
/** zstd, lz4, gzip, snappy: the first is liked best. */
export const compressionTypes: readonly number[] = [4, 3, 1, 2];
const compressionTypeMax = 4;

export class Telemetry {
  readonly isOffered: boolean;
  readonly #doors: TelemetryDoors;
  readonly #newId: () => string;
  readonly #subscriptions: Subscriptions;
  readonly #series = new ClientSeries();
  /** In order of their last request, oldest first. */
  readonly #clients = new Map<string, Client>();
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  /** By error code; pushes that were taken count as 0. */
  readonly pushes = new Map<number, number>();

  constructor(doors: TelemetryDoors, newId: () => string) {
    this.#doors = doors;
    this.#newId = newId;
    this.isOffered = doors.config.adminListener !== undefined;
    this.#subscriptions = new Subscriptions(doors.image);
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  get seriesCount(): number {
    return this.#series.count;
  }

  get droppedCount(): number {
    return this.#series.droppedCount;
  }

  get bytesMax(): number {
    return this.#doors.settings.values['telemetry.max.bytes'];
  }

  /** After the replay of a record that was committed. */
  changed(record: MetadataRecord): void {
    if (record.type === 'ConfigRecord' && record.resourceType === resourceTypes.clientMetrics)
      this.#subscriptions.changed();
  }

  /** Series of the clients that are not gone. */
  names(): Names {
    this.#expire();
    return this.#series.names();
  }

  /** A number is the error code of the whole answer. */
  ask(
    exchange: Exchange,
    clientInstanceId: string,
  ): (WantedMetrics & { readonly clientInstanceId: string; readonly subscriptionId: number }) | number {
    const id = clientInstanceId === zeroUuid ? this.#newId() : clientInstanceId;
    const client = this.#client(exchange, id);
    const nowMs = this.#doors.host.clock.monotonic();
    const isDue = nowMs - Math.max(client.askedAtMs, client.pushedAtMs) >= client.wanted.pushIntervalMs;
    if (isDue) client.askedAtMs = nowMs;
    // Whoever was told that it does not know what is wanted may ask at once.
    const mayAsk =
      client.lastError === errors.UNKNOWN_SUBSCRIPTION_ID || client.lastError === errors.UNSUPPORTED_COMPRESSION_TYPE;
    if (!isDue && !mayAsk) return errors.THROTTLING_QUOTA_EXCEEDED;
    client.lastError = errors.NONE;
    return { ...client.wanted, clientInstanceId: id, subscriptionId: client.subscriptionId };
  }

  /** Gives an error code. */
  push(exchange: Exchange, push: Push): number {
    const errorCode = this.#push(exchange, push);
    this.pushes.set(errorCode, (this.pushes.get(errorCode) ?? 0) + 1);
    return errorCode;
  }

  #push(exchange: Exchange, push: Push): number {
    if (reservedIds.has(push.clientInstanceId)) return errors.INVALID_REQUEST;
    const client = this.#client(exchange, push.clientInstanceId);
    client.lastError = this.#verdict(client, push);
    client.isTerminating = push.terminating;
    if (client.lastError === errors.NONE && push.metrics.length > 0) client.lastError = this.#take(client, push);
    return client.lastError;
  }

  #verdict(client: Client, { subscriptionId, terminating, compressionType, metrics }: Push): number {
    if (client.isTerminating) return errors.INVALID_REQUEST;
    const nowMs = this.#doors.host.clock.monotonic();
    // The first push after asking comes when it likes, so that not all push at once.
    const isDue = client.askedAtMs > client.pushedAtMs || nowMs - client.pushedAtMs >= client.wanted.pushIntervalMs;
    if (isDue) client.pushedAtMs = nowMs;
    else if (!terminating) return errors.THROTTLING_QUOTA_EXCEEDED;
    if (subscriptionId !== client.subscriptionId) return errors.UNKNOWN_SUBSCRIPTION_ID;
    if (compressionType < 0 || compressionType > compressionTypeMax) return errors.UNSUPPORTED_COMPRESSION_TYPE;
    return metrics.length > this.bytesMax ? errors.TELEMETRY_TOO_LARGE : errors.NONE;
  }

  /** The limit holds for what it grows to as well. */
  #take(client: Client, { compressionType, metrics }: Push): number {
    try {
      const points = decodeMetrics(decompress(compressionType, metrics, this.bytesMax));
      this.#series.put({ clientInstanceId: client.id, clientId: client.clientId }, points);
      return errors.NONE;
    } catch (error) {
      if (error instanceof CompressionError && error.fault === 'too-large') return errors.TELEMETRY_TOO_LARGE;
      if (!(error instanceof CompressionError) && !(error instanceof OtlpError)) throw error;
      this.#doors.host.log.warn(
        { clientInstanceId: client.id, clientId: client.clientId, reason: error.message },
        'metrics of a client do not read',
      );
      return errors.INVALID_RECORD;
    }
  }

  #client(exchange: Exchange, id: string): Client {
    let client = this.#clients.get(id);
    const { version } = this.#subscriptions;
    if (client === undefined) {
      this.#expire();
      client = this.#newClient(exchange, id);
    } else if (client.version !== version) {
      // What is wanted is another thing now, and the client may ask for it at once.
      Object.assign(client, this.#wanted(id, client.attributes), unheard);
    }
    this.#clients.delete(id);
    this.#clients.set(id, client);
    const patienceMs = Math.max(expiryMsMin, client.wanted.pushIntervalMs * 3);
    client.expiresAtMs = this.#doors.host.clock.monotonic() + patienceMs;
    return client;
  }

  #newClient(exchange: Exchange, id: string): Client {
    const { session, clientHost } = exchange;
    const clientId = exchange.clientId ?? '';
    const attributes = new Map([
      ['client_instance_id', id],
      ['client_id', clientId],
      ['client_software_name', session.softwareName],
      ['client_software_version', session.softwareVersion],
      ['client_source_address', clientHost],
      ['client_source_port', String(session.connection.remotePort)],
    ]);
    const [oldest] = this.#clients.keys();
    if (this.#clients.size >= clientsMax && oldest !== undefined) this.#forget(oldest);
    session.onEnded = () => this.#ended(id);
    return { id, clientId, attributes, expiresAtMs: 0, ...unheard, ...this.#wanted(id, attributes) };
  }

  #wanted(id: string, attributes: ReadonlyMap<string, string>): Pick<Client, 'wanted' | 'subscriptionId' | 'version'> {
    const wanted = this.#subscriptions.wanted(attributes);
    return { wanted, subscriptionId: subscriptionIdOf(wanted, id), version: this.#subscriptions.version };
  }

  /** Its connection is gone. What it pushed last stays for as long as a scrape may take to come. */
  #ended(id: string): void {
    const client = this.#clients.get(id);
    if (client !== undefined)
      client.expiresAtMs = Math.min(client.expiresAtMs, this.#doors.host.clock.monotonic() + expiryMsMin);
  }

  #expire(): void {
    const nowMs = this.#doors.host.clock.monotonic();
    // Each look goes over all of them.
    if (nowMs - this.#lookedAtMs < lookMsMin) return;
    this.#lookedAtMs = nowMs;
    for (const [id, { expiresAtMs }] of this.#clients) if (expiresAtMs <= nowMs) this.#forget(id);
  }

  #forget(id: string): void {
    this.#clients.delete(id);
    this.#series.remove(id);
  }
}

const unheard = {
  askedAtMs: Number.NEGATIVE_INFINITY,
  pushedAtMs: Number.NEGATIVE_INFINITY,
  isTerminating: false,
  lastError: errors.NONE as number,
};
