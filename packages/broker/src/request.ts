/**
 * The pipeline. In: frames from connections. header → (api, version) → decode → handler. Out: encoded answers, in the order of the
 * requests, flushed together at the end of a turn.
 *
 * A connection works on one request at a time, as Kafka's does; only produces that follow produces start at once, so that
 * many of them share one sync. What waits is copied, because the bytes of a read are gone when the read ends.
 */
import { AssertionError, type Host, type Logger } from '@millrace/base';
import type { Connection, ConnectionOwner, Listener } from '@millrace/net';
import { apis, DecodeError, decodeRequest, decodeRequestHeader, encodeResponse, errors } from '@millrace/protocol';

import { apiVersionsRanges, type ApiTable, type ServedApi } from './api-table.ts';
import { Exchange } from './exchange.ts';
import type { Metrics } from './metrics.ts';
import type { ClientQuotas } from './quota/client-quotas.ts';
import { Session } from './session.ts';

/** A handler's sign that it will call `answer` itself, later. */
export const later: unique symbol = Symbol('answered later');
/** The client expects no answer (acks=0). */
export const noAnswer: unique symbol = Symbol('no answer');

const produceKey = apis.produce.key;
const apiVersionsKey = apis.apiVersions.key;
/** Frames that may wait behind a request under way; above it the socket is not read. */
const waitingFramesMax = 64;
const waitingBytesMax = 8 << 20;

export interface PipelineOptions {
  readonly table: ApiTable;
  readonly host: Pick<Host, 'clock' | 'timers'>;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly quotas: ClientQuotas;
  /** Called at the end of each read: writes out what was appended from the read's buffer. */
  readonly writeOut: () => void;
  /** A bug of ours: the process must not go on. */
  readonly fatal: (error: unknown) => void;
}

export class RequestPipeline implements ConnectionOwner {
  readonly #options: PipelineOptions;
  #dirty: Session[] = [];
  #flushScheduled = false;
  readonly #flushSoon: () => void;

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#flushSoon = () => {
      this.#flushScheduled = false;
      this.#options.writeOut();
      this.#flush();
    };
  }

  frame(connection: Connection, bytes: Buffer, start: number, end: number): void {
    const session = (connection.session ??= new Session(connection)) as Session;
    connection.lastActiveAtMs = this.#options.host.clock.monotonic();
    if (session.waiting.length > 0 || !mayStart(session, bytes, start)) {
      session.waiting.push(Buffer.from(bytes.subarray(start, end)));
      session.waitingBytes += end - start;
      if (session.waiting.length > waitingFramesMax || session.waitingBytes > waitingBytesMax) connection.pause();
      return;
    }
    // Only a produce is read in place: what others hold on to must not change under them.
    if (bytes.readInt16BE(start) === produceKey) this.#start(session, bytes.subarray(start, end));
    else this.#start(session, Buffer.from(bytes.subarray(start, end)));
  }

  readEnded(): void {
    this.#options.writeOut();
    this.#flush();
  }

  refused(connection: Connection, declaredBytes: number, head: Buffer): void {
    const guess = looksLike(head);
    this.#options.log.warn(
      {
        client: `${connection.remoteAddress}:${connection.remotePort}`,
        listener: connection.listenerName,
        declaredBytes,
      },
      guess ?? 'closed a connection whose request declares a size outside socket.request.max.bytes',
    );
  }

  closed(connection: Connection): void {
    const session = connection.session as Session | undefined;
    if (session === undefined) return;
    session.waiting.length = 0;
    for (const exchange of session.exchanges) exchange.release?.();
    session.exchanges.length = 0;
    session.unmute?.cancel();
    session.onClosed?.();
    session.onEnded?.();
  }

  /** Encodes and queues the answer; it leaves once all before it on the connection have left. */
  answer(exchange: Exchange, response: object, release?: () => void): void {
    const served = this.#options.table.byKey[exchange.apiKey] as ServedApi;
    if (exchange.session.connection.isClosed) {
      release?.();
      return;
    }
    exchange.release = release;
    const throttleTimeMs = this.#throttle(exchange);
    const told = throttleTimeMs === 0 ? response : { ...response, throttleTimeMs };
    try {
      exchange.answer = encodeResponse(served.api, exchange.apiVersion, exchange.correlationId, told as never);
    } catch (error) {
      // Whoever answers later is a timer or a log, and has nobody to catch what we throw.
      this.failed(exchange.session, error);
      return;
    }
    this.#leave(exchange.session);
  }

  answerNothing(exchange: Exchange): void {
    exchange.answer = [];
    const { quotas } = this.#options;
    if (quotas.isActive && exchange.apiKey === produceKey) this.#mute(exchange.session, quotas.produced(exchange));
    this.#leave(exchange.session);
  }

  /** Requests that were read and not answered yet. */
  underWay(listeners: readonly Listener[]): number {
    let count = 0;
    for (const listener of listeners) {
      for (const { session } of listener.connections())
        if (session instanceof Session) count += session.exchanges.length;
    }
    return count;
  }

  #start(session: Session, frame: Buffer): void {
    const { table, quotas } = this.#options;
    const { clock } = this.#options.host;
    try {
      const header = decodeRequestHeader(frame);
      const served = table.byKey[header.apiKey];
      const exchange = new Exchange(session, header, clock.monotonic(), frame.length);
      session.exchanges.push(exchange);
      if (served === undefined || header.apiVersion < served.versions.min || header.apiVersion > served.versions.max) {
        this.#unsupported(exchange);
        return;
      }
      const request = decodeRequest(served.api, header.apiVersion, frame, header.bodyAt);
      const response = served.handle(request, exchange);
      exchange.busyMs = quotas.isActive ? clock.monotonic() - exchange.startedAtMs : 0;
      if (response === later) return;
      if (response === noAnswer) this.answerNothing(exchange);
      else if (response instanceof Promise) this.#await(exchange, response);
      else this.answer(exchange, response);
    } catch (error) {
      this.failed(session, error);
    }
  }

  #await(exchange: Exchange, response: Promise<object | typeof later>): void {
    response.then(
      (answer) => {
        if (answer !== later) this.answer(exchange, answer);
      },
      (error: unknown) => this.failed(exchange.session, error),
    );
  }

  /** Kafka closes the connection for every key but ApiVersions; so do we, and say who asked for what. */
  #unsupported(exchange: Exchange): void {
    const { session, apiKey, apiVersion } = exchange;
    if (apiKey === apiVersionsKey) {
      const range = this.#options.table.byKey[apiVersionsKey] as ServedApi;
      exchange.answer = encodeResponse(apis.apiVersions, 0, exchange.correlationId, {
        errorCode: errors.UNSUPPORTED_VERSION,
        apiKeys: apiVersionsRanges([range]),
      });
      this.#leave(session);
      return;
    }
    const served = this.#options.table.byKey[apiKey];
    const name = this.#options.table.nameOf(apiKey);
    this.#options.log.warn(
      { ...whoAsked(session), apiKey, api: name, apiVersion, clientId: exchange.clientId },
      served === undefined
        ? `closed a connection that asked for ${name}, which Millrace does not serve`
        : `closed a connection that asked for ${name} version ${apiVersion}; served are ${served.versions.min} to ${served.versions.max}`,
    );
    session.connection.close();
  }

  failed(session: Session, error: unknown): void {
    if (error instanceof AssertionError) {
      this.#options.fatal(error);
      return;
    }
    if (error instanceof DecodeError) {
      this.#options.log.warn(
        { ...whoAsked(session), reason: error.message },
        'closed a connection that sent a malformed request',
      );
    } else {
      this.#options.log.error(
        { ...whoAsked(session), error },
        'a request failed inside the broker; its connection is closed',
      );
    }
    session.connection.close();
  }

  /** What the answer tells of quotas that are used up. As in Kafka it leaves at once, and then the connection is not read for so long. */
  #throttle(exchange: Exchange): number {
    const { quotas, host } = this.#options;
    let throttleMs = exchange.throttleMs;
    if (quotas.isActive) {
      const busyMs = exchange.busyMs < 0 ? host.clock.monotonic() - exchange.startedAtMs : exchange.busyMs;
      throttleMs = Math.max(throttleMs, quotas.requested(exchange, busyMs));
      if (exchange.apiKey === produceKey) throttleMs = Math.max(throttleMs, quotas.produced(exchange));
    }
    this.#mute(exchange.session, throttleMs);
    return throttleMs;
  }

  #mute(session: Session, throttleMs: number): void {
    if (throttleMs === 0) return;
    const { clock, timers } = this.#options.host;
    const untilMs = clock.monotonic() + throttleMs;
    if (untilMs <= session.mutedUntilMs) return;
    session.mutedUntilMs = untilMs;
    session.connection.pause();
    session.unmute?.cancel();
    session.unmute = timers.after(throttleMs, () => {
      session.mutedUntilMs = 0;
      session.unmute = undefined;
      session.connection.lastActiveAtMs = clock.monotonic();
      this.#scheduleWaiting(session);
    });
  }

  /** Sends the answers that are next in order, then starts what waited for them. */
  #leave(session: Session): void {
    const { exchanges, connection } = session;
    const { metrics, host } = this.#options;
    let first = exchanges[0];
    while (first?.answer !== undefined) {
      exchanges.shift();
      metrics.request(first.apiKey, host.clock.monotonic() - first.startedAtMs);
      if (first.answer.length > 0) {
        connection.send(first.answer, first.release);
        this.#markDirty(session);
      } else {
        first.release?.();
      }
      first = exchanges[0];
    }
    if (session.waiting.length > 0 && exchanges.length === 0) this.#scheduleWaiting(session);
  }

  #scheduleWaiting(session: Session): void {
    queueMicrotask(() => {
      let frame = session.waiting[0];
      while (frame !== undefined && !session.connection.isClosed && mayStart(session, frame, 0)) {
        session.waiting.shift();
        session.waitingBytes -= frame.length;
        this.#start(session, frame);
        frame = session.waiting[0];
      }
      const hasRoom = session.waiting.length <= waitingFramesMax / 2 && session.waitingBytes <= waitingBytesMax / 2;
      if (hasRoom && session.mutedUntilMs === 0) session.connection.resume();
      this.#schedule();
    });
  }

  #markDirty(session: Session): void {
    if (session.isDirty) return;
    session.isDirty = true;
    this.#dirty.push(session);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    process.nextTick(this.#flushSoon);
  }

  #flush(): void {
    if (this.#dirty.length === 0) return;
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const session of dirty) {
      session.isDirty = false;
      session.connection.flush();
    }
  }
}

function mayStart(session: Session, bytes: Buffer, at: number): boolean {
  const { exchanges } = session;
  if (session.mutedUntilMs > 0) return false;
  if (exchanges.length === 0) return true;
  if (exchanges.length >= waitingFramesMax || bytes.length - at < 2 || bytes.readInt16BE(at) !== produceKey)
    return false;
  return exchanges.every(({ apiKey, isAlone }) => apiKey === produceKey && !isAlone);
}

function whoAsked(session: Session): Record<string, unknown> {
  const { connection, softwareName, softwareVersion } = session;
  return {
    client: `${connection.remoteAddress}:${connection.remotePort}`,
    software: `${softwareName} ${softwareVersion}`,
    listener: connection.listenerName,
  };
}

/** People point browsers and TLS clients at a Kafka port; the four bytes of length tell them apart. */
function looksLike(head: Buffer): string | undefined {
  if (head[0] === 0x16 && head[1] === 0x03)
    return 'closed a TLS connection on a PLAINTEXT listener: set security.protocol=PLAINTEXT in the client';
  if (/^(GET|POST|PUT|HEAD|OPTIONS) ?/.test(head.toString('latin1')))
    return 'closed an HTTP connection on a Kafka listener: metrics and health are on the admin port (admin.listener)';
  return undefined;
}
