/**
 * One connection to one broker. In: requests of any API. Out: their answers, in the order the broker gives them, which is the order in
 * which they were sent. Requests of one turn of the loop leave in one write.
 *
 * An answer that is late, out of order, or not what the protocol allows ends the connection and every request that waits on it: what a
 * broker has said wrongly once cannot be followed any further.
 */
import type { Socket, Timer } from '@millrace/base';
import { AnswerFrames, type DialAddress } from '@millrace/net';
import {
  type ApiName,
  apis,
  apiWithExactOffsets,
  decodeResponse,
  EncodeError,
  encodeRequest,
  errors,
  type ExactRequestInput,
  type ExactResponse,
} from '@millrace/protocol';

import type { ClientHost } from '../client-host.ts';
import { answerError, ClientError, isClientError } from '../error.ts';
import type { ConnectionMeter } from '../metrics/network-metrics.ts';
import type { Login } from '../security/login.ts';
import { dialError, endOf, otherSpeech } from './connection-end.ts';
import { ApiVersions } from './api-versions.ts';
import { throttleMsOf } from './throttling.ts';

export interface ConnectionOptions {
  readonly host: ClientHost;
  readonly address: DialAddress;
  readonly clientId: string;
  readonly requestTimeoutMs: number;
  /** Answers above it end the connection. */
  readonly frameBytesMax: number;
  /** Logs in, on a connection that has just learned the broker's versions, and again before the session ends (KIP-368). */
  readonly login?: Login | undefined;
  /** Gives up connecting. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each request that was answered, for metrics and tracing. */
  readonly observe?: RequestObserver | undefined;
  readonly meter?: ConnectionMeter | undefined;
}

export type RequestObserver = (request: AnsweredRequest) => void;

export interface AnsweredRequest {
  readonly broker: string;
  readonly api: ApiName;
  readonly version: number;
  readonly correlationId: number;
  readonly tookMs: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

export interface SendOptions {
  /** The newest version that may be used. */
  readonly versionMax?: number;
  /** In place of `request.timeout.ms`, for requests that wait on purpose. */
  readonly timeoutMs?: number;
}

/** What a request says, or how it says it in a version. */
export type Outgoing<K extends ApiName> = ExactRequestInput<K> | ((version: number) => ExactRequestInput<K>);

/** A request that waits until the connection has logged in again, or the broker has had its pause. */
interface Held {
  readonly name: ApiName;
  readonly write: () => void;
  readonly reject: (error: ClientError) => void;
  readonly givenAtMs: number;
  readonly deadlineMs: number;
}

interface Pending {
  readonly name: ApiName;
  readonly version: number;
  readonly correlationId: number;
  readonly sentAtMs: number;
  readonly deadlineMs: number;
  readonly sentBytes: number;
  /** Where it ends among all bytes of the connection. */
  readonly end: number;
  readonly resolve: (response: never) => void;
  readonly reject: (error: ClientError) => void;
}

const software = { clientSoftwareName: 'millrace', clientSoftwareVersion: '0.1.0' };
/** The part of a session after which the next request logs in again first: not all connections at once, and well before the end. */
const sessionPart = { from: 0.85, thousandths: 100 };
const noVersions = { apiKeys: [{ apiKey: apis.apiVersions.key, minVersion: 0, maxVersion: 4 }], finalizedFeatures: [] };

export class Connection {
  readonly broker: string;
  readonly address: Pick<DialAddress, 'host' | 'port'>;
  versions: ApiVersions;
  readonly #options: ConnectionOptions;
  readonly #socket: Socket;
  readonly #frames: AnswerFrames;
  readonly #closed = Promise.withResolvers<ClientError>();
  /** Oldest first. */
  #pending: Pending[] = [];
  #chunks: Uint8Array[] = [];
  /** Whom to tell when they were taken by the system. */
  #posted: (() => void)[] = [];
  #correlationId = 0;
  /** Of all requests so far. */
  #writtenBytes = 0;
  /** Where the request ended that was answered last. */
  #answeredEnd = 0;
  #isFlushing = false;
  #isClosed = false;
  /** By `clock.monotonic`; the next request from then on logs in first. */
  #loginAgainAtMs = Number.POSITIVE_INFINITY;
  /** By `clock.monotonic`; the broker wants no request before then (KIP-219). */
  #notBeforeMs = 0;
  /** Oldest first; there while the connection logs in again, or the broker wants nothing. */
  #held: Held[] | undefined;
  #pause: Timer | undefined;
  /** Answers so far: how a connection ended says more with it. */
  #answerCount = 0;
  #timer: Timer | undefined;
  #timerAtMs = 0;
  /** By `clock.monotonic`. */
  lastUsedAtMs: number;

  /** Connects, learns the versions and logs in. Throws `ClientError` UNREACHABLE, TIMEOUT, AUTHENTICATION or CLOSED. */
  static async open(options: ConnectionOptions): Promise<Connection> {
    const { host, address, signal } = options;
    const broker = `${address.host}:${address.port}`;
    const givenUp = (): ClientError => new ClientError('CLOSED', `Connecting to ${broker} was given up.`, { broker });
    let socket: Socket;
    try {
      socket = await host.dial({ ...address, ...(signal && { signal }) });
    } catch (error) {
      if (signal?.aborted === true) throw givenUp();
      throw dialError(error, broker, address.tls !== undefined);
    }
    const connection = new Connection(socket, broker, options);
    const giveUp = (): void => connection.close(givenUp());
    if (signal?.aborted === true) giveUp();
    signal?.addEventListener('abort', giveUp);
    try {
      await connection.#learnVersions();
      await connection.#logIn();
    } catch (error) {
      connection.close(isClientError(error) ? error : undefined);
      throw error;
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
    return connection;
  }

  private constructor(socket: Socket, broker: string, options: ConnectionOptions) {
    this.broker = broker;
    this.address = options.address;
    this.#options = options;
    this.#socket = socket;
    this.versions = new ApiVersions(broker, noVersions);
    this.lastUsedAtMs = options.host.clock.monotonic();
    options.meter?.opened();
    this.#frames = new AnswerFrames(
      {
        answer: (frame) => this.#answered(frame),
        refused: (bytes) =>
          this.#fail(
            this.#broken(
              `a frame of ${bytes} bytes; at most ${options.frameBytesMax} are allowed${otherSpeech(bytes)}`,
            ),
          ),
      },
      options.frameBytesMax,
    );
    socket.begin({
      buffer: () => this.#frames.buffer(),
      received: (count) => void (this.#isClosed || this.#frames.received(count)),
      drained: () => {},
      closed: (error) => this.#fail(endOf(broker, options.address.tls !== undefined, this.#answerCount, error)),
    });
  }

  /** Settles with the reason when the connection is closed by either side. */
  get closed(): Promise<ClientError> {
    return this.#closed.promise;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The system has taken all requests that were answered so far: nothing here looks at their bytes any more. */
  get hasSentAnswered(): boolean {
    if (this.#isClosed || this.#isFlushing) return false;
    return this.#answeredEnd <= this.#writtenBytes - this.#socket.unsentBytes;
  }

  /** The broker wants no request before this, by `clock.monotonic`; those that are given earlier wait here. */
  get notBeforeMs(): number {
    return this.#notBeforeMs;
  }

  /** Requests that wait for their answers. */
  get pendingCount(): number {
    return this.#pending.length + (this.#held?.length ?? 0);
  }

  /**
   * Throws `ClientError`: UNSUPPORTED when there is no common version or it cannot say what the
   * request says, TIMEOUT, DISCONNECTED, BROKEN_ANSWER. What the answer itself says is
   * the caller's business. Chunks of records must stay as they are until the answer is there.
   */
  send<K extends ApiName>(name: K, request: Outgoing<K>, options: SendOptions = {}): Promise<ExactResponse<K>> {
    return new Promise((resolve, reject) => {
      const write = (): void => this.#send(name, request, options, resolve, reject);
      if (this.#mustWait(name)) this.#hold(name, write, reject, options);
      else write();
    });
  }

  /** For a Produce request with acks 0, which has no answer: `taken` comes when the system has it, or there is no connection any more. Throws as `send`. */
  post<K extends ApiName>(name: K, request: Outgoing<K>, taken: () => void, options: SendOptions = {}): void {
    const write = (): void => {
      const bytes = this.#write(name, this.versions.choose(name, options.versionMax), request);
      this.#posted.push(taken);
      this.lastUsedAtMs = this.#options.host.clock.monotonic();
      this.#options.meter?.sent(bytes, this.lastUsedAtMs);
    };
    // Nobody hears of a failure: it waits for as long as it takes.
    if (this.#mustWait(name)) this.#hold(name, write, taken, { timeoutMs: Number.POSITIVE_INFINITY });
    else write();
  }

  close(reason?: ClientError): void {
    this.#fail(
      reason ?? new ClientError('CLOSED', `The connection to ${this.broker} was closed.`, { broker: this.broker }),
    );
  }

  #send<K extends ApiName>(
    name: K,
    request: Outgoing<K>,
    options: SendOptions,
    resolve: (response: ExactResponse<K>) => void,
    reject: (error: ClientError) => void,
  ): void {
    const version = this.versions.choose(name, options.versionMax);
    const sentBytes = this.#write(name, version, request);
    const sentAtMs = this.#options.host.clock.monotonic();
    const deadlineMs = sentAtMs + (options.timeoutMs ?? this.#options.requestTimeoutMs);
    this.lastUsedAtMs = sentAtMs;
    this.#options.meter?.sent(sentBytes, sentAtMs);
    const correlationId = this.#correlationId;
    const end = this.#writtenBytes;
    this.#pending.push({ name, version, correlationId, sentAtMs, deadlineMs, sentBytes, end, resolve, reject });
    this.#watch(deadlineMs);
  }

  async #logIn(isAgain = false): Promise<void> {
    const { login, host, meter } = this.#options;
    if (login === undefined) return;
    this.#loginAgainAtMs = Number.POSITIVE_INFINITY;
    const begunAtMs = host.clock.monotonic();
    let hasFailed = true;
    let lifetimeMs: number;
    try {
      lifetimeMs = await login(this);
      hasFailed = false;
    } finally {
      meter?.loggedIn(isAgain, hasFailed, host.clock.monotonic() - begunAtMs);
    }
    if (lifetimeMs <= 0) return;
    const part = sessionPart.from + host.random.below(sessionPart.thousandths + 1) / 1000;
    this.#loginAgainAtMs = host.clock.monotonic() + lifetimeMs * part;
  }

  /** A broker that is logged in to again takes nothing else between the messages of the login; one that has asked for a pause gets it. */
  #mustWait(name: ApiName): boolean {
    if (name === 'saslHandshake' || name === 'saslAuthenticate') return false;
    if (this.#held !== undefined) return true;
    if (this.#isClosed || (this.#notBeforeMs === 0 && this.#loginAgainAtMs === Number.POSITIVE_INFINITY)) return false;
    const nowMs = this.#options.host.clock.monotonic();
    if (nowMs >= this.#notBeforeMs && nowMs < this.#loginAgainAtMs) return false;
    this.#held = [];
    this.#open();
    return true;
  }

  #hold(name: ApiName, write: () => void, reject: (error: ClientError) => void, { timeoutMs }: SendOptions): void {
    const givenAtMs = this.#options.host.clock.monotonic();
    const deadlineMs = givenAtMs + (timeoutMs ?? this.#options.requestTimeoutMs);
    this.#held!.push({ name, write, reject, givenAtMs, deadlineMs });
    this.#watch(deadlineMs);
  }

  /** Lets go what is held as soon as nothing stands against it. */
  #open(): void {
    const { clock, timers } = this.#options.host;
    const nowMs = clock.monotonic();
    this.#pause = undefined;
    if (nowMs < this.#notBeforeMs) this.#pause = timers.after(Math.ceil(this.#notBeforeMs - nowMs), () => this.#open());
    else if (nowMs >= this.#loginAgainAtMs)
      this.#logIn(true).then(
        () => this.#open(),
        (error) => this.#fail(isClientError(error) ? error : this.#broken('what ended the login', error)),
      );
    else this.#letGo();
  }

  #letGo(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const { write, reject } of held) {
      try {
        write();
      } catch (error) {
        reject(error as ClientError);
      }
    }
  }

  async #learnVersions(): Promise<void> {
    const answer = await this.send('apiVersions', software);
    if (answer.errorCode === errors.NONE) {
      this.versions = new ApiVersions(this.broker, answer);
      return;
    }
    if (answer.errorCode !== errors.UNSUPPORTED_VERSION)
      throw answerError(answer.errorCode, 'Asking for API versions', null, { broker: this.broker });
    // The answer names the versions that the broker does know, from 2.4 on (KIP-511).
    const versionMax = answer.apiKeys.find(({ apiKey }) => apiKey === apis.apiVersions.key)?.maxVersion ?? 0;
    const older = await this.send('apiVersions', software, { versionMax });
    if (older.errorCode !== errors.NONE)
      throw answerError(older.errorCode, 'Asking for API versions', null, { broker: this.broker });
    this.versions = new ApiVersions(this.broker, older);
  }

  #write<K extends ApiName>(name: K, version: number, request: Outgoing<K>): number {
    if (this.#isClosed)
      throw new ClientError('DISCONNECTED', `The connection to ${this.broker} is closed.`, { broker: this.broker });
    this.#correlationId = (this.#correlationId + 1) & 0x7fff_ffff;
    const chunks = this.#encode(name, version, typeof request === 'function' ? request(version) : request);
    let bytes = 0;
    for (const chunk of chunks) {
      this.#chunks.push(chunk);
      bytes += chunk.length;
    }
    this.#writtenBytes += bytes;
    if (!this.#isFlushing) {
      this.#isFlushing = true;
      queueMicrotask(() => this.#flush());
    }
    return bytes;
  }

  #encode<K extends ApiName>(name: K, version: number, request: ExactRequestInput<K>): Uint8Array[] {
    try {
      return encodeRequest(
        apiWithExactOffsets(name),
        version,
        this.#correlationId,
        this.#options.clientId,
        request as never,
      );
    } catch (error) {
      if (!(error instanceof EncodeError)) throw error;
      const text = `${this.broker} has ${apis[name].name} up to version ${version}, which cannot say this: ${error.message}.`;
      throw new ClientError('UNSUPPORTED', text, { broker: this.broker, cause: error });
    }
  }

  #flush(): void {
    this.#isFlushing = false;
    const chunks = this.#chunks;
    if (chunks.length === 0 || this.#isClosed) return;
    this.#chunks = [];
    const posted = this.#posted;
    if (posted.length === 0) return this.#socket.write(chunks);
    this.#posted = [];
    this.#socket.write(chunks, () => {
      for (const taken of posted) taken();
    });
  }

  #answered(frame: Buffer): void {
    if (this.#isClosed) return;
    this.#answerCount++;
    const pending = this.#pending.shift();
    if (pending === undefined) return this.#fail(this.#broken('an answer that nobody asked for'));
    this.#answeredEnd = pending.end;
    try {
      this.#checkCorrelation(frame, pending);
      const { name } = pending;
      const version = answerVersion(pending, frame);
      const { response } = decodeResponse(apiWithExactOffsets(name), version, frame);
      this.#measure(pending, frame.length, throttleMsOf(name, version, response));
      pending.resolve(response as never);
    } catch (error) {
      const failure =
        error instanceof ClientError ? error : this.#broken(`an answer to ${pending.name} that cannot be read`, error);
      pending.reject(failure);
      this.#fail(failure);
    }
  }

  #checkCorrelation(frame: Buffer, { name, correlationId }: Pending): void {
    if (frame.length < 4) throw this.#broken(`an answer of ${frame.length} bytes`);
    const id = frame.readInt32BE(0);
    if (id !== correlationId)
      throw this.#broken(`the answer to request ${id}, when the one to ${correlationId} (${name}) was due`);
  }

  #measure(pending: Pending, receivedBytes: number, throttleMs: number): void {
    const { observe, host, meter } = this.#options;
    const nowMs = host.clock.monotonic();
    const tookMs = nowMs - pending.sentAtMs;
    if (throttleMs > 0) this.#notBeforeMs = Math.max(this.#notBeforeMs, nowMs + throttleMs);
    meter?.answered(receivedBytes, tookMs, nowMs);
    if (observe === undefined) return;
    const { name, version, correlationId, sentBytes } = pending;
    try {
      observe({ broker: this.broker, api: name, version, correlationId, tookMs, sentBytes, receivedBytes });
    } catch (error) {
      host.log.warn({ error }, 'what watches requests has thrown');
    }
  }

  /** One timer for all that waits; it looks for the nearest deadline when it fires. */
  #watch(deadlineMs: number): void {
    if (deadlineMs === Number.POSITIVE_INFINITY) return;
    if (this.#timer !== undefined && this.#timerAtMs <= deadlineMs) return;
    this.#timer?.cancel();
    const { clock, timers } = this.#options.host;
    this.#timerAtMs = deadlineMs;
    this.#timer = timers.after(Math.max(0, Math.ceil(deadlineMs - clock.monotonic())), () => this.#lookForLate());
  }

  #lookForLate(): void {
    this.#timer = undefined;
    if (this.#isClosed) return;
    const nowMs = this.#options.host.clock.monotonic();
    const late = this.#pending.find(({ deadlineMs }) => deadlineMs <= nowMs);
    if (late !== undefined) {
      const text = `${this.broker} did not answer ${late.name} within ${Math.round(nowMs - late.sentAtMs)} ms.`;
      return this.#fail(new ClientError('TIMEOUT', text, { broker: this.broker }));
    }
    for (const held of this.#held ?? []) if (held.deadlineMs <= nowMs) held.reject(this.#unsent(held, nowMs));
    this.#held = this.#held?.filter(({ deadlineMs }) => deadlineMs > nowMs);
    const nextMs = [...this.#pending, ...(this.#held ?? [])].map(({ deadlineMs }) => deadlineMs);
    if (nextMs.length > 0) this.#watch(Math.min(...nextMs));
  }

  #unsent({ name, givenAtMs }: Held, nowMs: number): ClientError {
    const why = nowMs < this.#notBeforeMs ? 'it wants a pause (see the quotas of this client)' : 'its login takes long';
    const text = `${name} was not sent to ${this.broker} within ${Math.round(nowMs - givenAtMs)} ms: ${why}.`;
    return new ClientError('TIMEOUT', text, { broker: this.broker });
  }

  #broken(what: string, cause?: unknown): ClientError {
    const reason = cause instanceof Error ? `: ${cause.message}` : '';
    const text = `${this.broker} sent ${what}${reason}.`;
    return new ClientError('BROKEN_ANSWER', text, { broker: this.broker, cause });
  }

  #fail(reason: ClientError): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#pause?.cancel();
    this.#options.meter?.closed();
    this.#chunks = [];
    this.#frames.release();
    this.#socket.destroy();
    const pending = this.#pending;
    this.#pending = [];
    for (const { reject } of pending) reject(reason);
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const { reject } of held) reject(reason);
    for (const taken of this.#posted.splice(0)) taken();
    this.#closed.resolve(reason);
  }
}

/** A broker that does not know the version of ApiVersions it was asked in answers in version 0. */
function answerVersion({ name, version }: Pending, frame: Buffer): number {
  const errorAt = 4;
  const isRefused = name === 'apiVersions' && frame.length >= errorAt + 2;
  return isRefused && frame.readInt16BE(errorAt) === errors.UNSUPPORTED_VERSION ? 0 : version;
}
