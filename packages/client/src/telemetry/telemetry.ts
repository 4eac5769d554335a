/**
 * Tells brokers of this client's metrics, where they want to hear of them (KIP-714). In: connections that the client has for other reasons.
 * Out: a question what is wanted, and then what is wanted, in the interval that the broker sets; and once more when the client closes.
 *
 * There is one timer, for the next question or push. A broker that does not know these requests is not asked; one that says that we do
 * it wrongly is left alone for good.
 */
import type { Timer } from '@millrace/base';
import { compress, errorName, errors, zeroUuid } from '@millrace/protocol';

import { pause } from '../client-host.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Connection } from '../cluster/connection.ts';
import { answerError, ClientError, isClientError } from '../error.ts';
import { clientLabels } from './client-labels.ts';
import { MetricLedger } from './metric-ledger.ts';
import { type Labels, metricsOf } from './otlp.ts';
import { intervalMsDefault, type Subscription, subscriptionOf } from './subscription.ts';

export interface WaitOptions {
  /** In place of `default.api.timeout.ms`. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How long the last push may hold up closing. */
const lastPushMs = 1000;
/** The first push comes after half the interval to one and a half, so that clients that were started together do not push together. */
const jitter = { from: 0.5, thousandths: 1000 };
const refusing: ReadonlySet<number> = new Set([
  errors.UNKNOWN_SUBSCRIPTION_ID,
  errors.UNSUPPORTED_COMPRESSION_TYPE,
  errors.TELEMETRY_TOO_LARGE,
  errors.THROTTLING_QUOTA_EXCEEDED,
]);

export class Telemetry {
  readonly #cluster: Cluster;
  readonly #labels: () => Labels;
  readonly #ledger: MetricLedger;
  readonly #isEnabled: boolean;
  /** The last that was heard; its id stays ours. */
  #subscription: Subscription | undefined;
  /** Whether a push is next, not a question. */
  #isPushing = false;
  /** Compressions that a broker has offered, and then not taken. */
  readonly #refusedIds = new Set<number>();
  /** Answers in a row that send us back to the question at once. */
  #returns = 0;
  #timer: Timer | undefined;
  /** The question or push at work. */
  #work: Promise<void> | undefined;
  /** Why nothing was learned by the last question. */
  #fault: ClientError | undefined;
  #isOver: boolean;

  /** `labels` are those of the client itself, as they are when it pushes. Begins when the client has a connection. */
  constructor(cluster: Cluster, labels: () => Labels) {
    this.#cluster = cluster;
    this.#labels = labels;
    this.#ledger = new MetricLedger(cluster.metrics);
    this.#isEnabled = cluster.config['enable.metrics.push'];
    this.#isOver = !this.#isEnabled;
    if (this.#isOver) return;
    // What the connection was made for goes first.
    const begin = (): unknown => setImmediate(() => this.#isOver || this.#subscription !== undefined || this.#ask());
    void cluster.connected.then(begin);
  }

  /** The id under which brokers know this client, for as long as this object lives. Throws `ClientError` STATE, UNSUPPORTED, TIMEOUT, ABORTED, CLOSED. */
  async clientInstanceId({ timeoutMs, signal }: WaitOptions = {}): Promise<string> {
    if (!this.#isEnabled)
      throw new ClientError('STATE', 'A client has an instance id where enable.metrics.push is true.');
    const { host, config } = this.#cluster;
    const waitMs = timeoutMs ?? config['default.api.timeout.ms'];
    const over = new AbortController();
    try {
      const learned = this.#cluster.retry(this.#cluster.deadline(waitMs), () => this.#learn(), signal);
      const id = await Promise.race([learned, pause(host, waitMs, over.signal, signal)]);
      if (id !== undefined) return id;
    } finally {
      over.abort();
    }
    if (signal?.aborted === true) throw new ClientError('ABORTED', 'The call was aborted.', { cause: signal.reason });
    throw new ClientError('TIMEOUT', `No broker has given this client an instance id within ${waitMs} ms.`);
  }

  /** Ends it; where brokers want to hear of it, with a last push, which is waited for a little. */
  close(timeoutMs = lastPushMs): Promise<void> | undefined {
    if (this.#isOver) return undefined;
    this.#isOver = true;
    this.#timer?.cancel();
    return this.#isPushing && timeoutMs > 0 ? this.#pushLast(Math.min(timeoutMs, lastPushMs)) : undefined;
  }

  async #learn(): Promise<string> {
    if (this.#subscription === undefined && !this.#isOver) await this.#ask(true);
    if (this.#subscription !== undefined) return this.#subscription.clientInstanceId;
    throw this.#fault ?? new ClientError('CLOSED', 'This client was closed.');
  }

  #later(delayMs: number): void {
    if (this.#isOver) return;
    const { timers, background = timers } = this.#cluster.host;
    this.#timer?.cancel();
    this.#timer = background.after(delayMs, () => void (this.#isPushing ? this.#push() : this.#ask()));
  }

  /** Never again. */
  #stop(fault: ClientError): void {
    this.#cluster.host.log.warn({ error: fault.message }, 'metrics are not pushed any more');
    this.#fault = fault;
    this.#isPushing = false;
    this.#isOver = true;
    this.#timer?.cancel();
  }

  #ask(mayConnect = false): Promise<void> {
    return (this.#work ??= this.#asked(mayConnect).finally(() => (this.#work = undefined)));
  }

  #push(): Promise<void> {
    return (this.#work ??= this.#pushed().finally(() => (this.#work = undefined)));
  }

  /** Nobody is connected to only to be asked what is wanted, unless the user wants to know. */
  async #asked(mayConnect: boolean): Promise<void> {
    this.#isPushing = false;
    try {
      const connection = this.#openConnection() ?? (mayConnect ? await this.#cluster.connect('any') : undefined);
      if (connection === undefined) return this.#later(this.#intervalMs);
      const clientInstanceId = this.#subscription?.clientInstanceId ?? zeroUuid;
      const answer = await connection.send('getTelemetrySubscriptions', { clientInstanceId });
      if (answer.errorCode !== errors.NONE) return this.#refused(answer.errorCode, connection);
      const subscription = subscriptionOf(answer);
      if (subscription === undefined)
        throw new ClientError('BROKEN_ANSWER', `${connection.broker} gave this client no instance id.`);
      this.#subscription = subscription;
      this.#fault = undefined;
      this.#isPushing = subscription.prefixes.length > 0;
      this.#later(this.#isPushing ? this.#firstPushMs(subscription.intervalMs) : subscription.intervalMs);
    } catch (error) {
      this.#failed(error);
    }
  }

  async #pushed(): Promise<void> {
    try {
      await this.#pushTo(this.#openConnection() ?? (await this.#cluster.connect('any')), false);
    } catch (error) {
      this.#failed(error);
    }
  }

  async #pushTo(connection: Connection, terminating: boolean, timeoutMs?: number): Promise<void> {
    const { host } = this.#cluster;
    const subscription = this.#subscription!;
    const { clientInstanceId, id: subscriptionId, intervalMs } = subscription;
    const { metrics, leftOutCount, taken } = this.#ledger.collect(subscription, host.clock.now());
    if (leftOutCount > 0) host.log.warn({ leftOutCount }, 'the broker does not take so many metrics at once');
    const ownLabels = clientLabels({ client_rack: this.#cluster.config['client.rack'] });
    const plain = metricsOf([...this.#labels(), ...ownLabels], metrics);
    const compressionType = plain.length === 0 ? 0 : this.#compressionOf(subscription);
    const answer = await connection.send(
      'pushTelemetry',
      { clientInstanceId, subscriptionId, terminating, compressionType, metrics: compress(compressionType, plain) },
      timeoutMs === undefined ? {} : { timeoutMs },
    );
    if (answer.errorCode === errors.UNSUPPORTED_COMPRESSION_TYPE) this.#refusedIds.add(compressionType);
    if (answer.errorCode !== errors.NONE) return this.#refused(answer.errorCode, connection);
    taken();
    this.#returns = 0;
    this.#later(intervalMs);
  }

  async #pushLast(timeoutMs: number): Promise<void> {
    const { host } = this.#cluster;
    const over = new AbortController();
    const work = async (): Promise<void> => {
      await this.#work;
      const connection = this.#openConnection();
      if (this.#isPushing && connection !== undefined && !over.signal.aborted) await this.#pushTo(connection, true);
    };
    try {
      await Promise.race([work(), pause(host, timeoutMs, over.signal)]);
    } catch (error) {
      this.#failed(error);
    } finally {
      over.abort();
    }
  }

  /** The broker said no: some reasons pass. */
  #refused(code: number, { broker }: Connection): void {
    const fault = answerError(code, 'Pushing metrics', null, { broker });
    if (!refusing.has(code)) return this.#stop(fault);
    this.#cluster.host.log.debug({ broker, error: errorName(code) }, 'metrics were not taken');
    this.#fault = fault;
    this.#isPushing = false;
    const mayReturn = code === errors.UNKNOWN_SUBSCRIPTION_ID || code === errors.UNSUPPORTED_COMPRESSION_TYPE;
    this.#later(mayReturn && this.#returns++ === 0 ? 0 : this.#intervalMs);
  }

  /** No answer, or none that means anything: the question comes again when a push would have. */
  #failed(error: unknown): void {
    // Whatever this is, it must not be what an application ends by.
    if (!isClientError(error)) return this.#stop(new ClientError('STATE', `Metrics cannot be told: ${String(error)}`));
    this.#cluster.host.log.debug({ error: error.message }, 'metrics were not pushed');
    this.#fault = error;
    this.#isPushing = false;
    this.#later(this.#intervalMs);
  }

  get #intervalMs(): number {
    return this.#subscription?.intervalMs ?? intervalMsDefault;
  }

  #firstPushMs(intervalMs: number): number {
    const part = jitter.from + this.#cluster.host.random.below(jitter.thousandths + 1) / 1000;
    return Math.round(intervalMs * part);
  }

  #compressionOf({ compressionIds }: Subscription): number {
    return compressionIds.find((id) => !this.#refusedIds.has(id)) ?? 0;
  }

  /**
   * One that waits for little, and of those the one that was used last, so that none is kept open for metrics alone. Throws `ClientError`
   * UNSUPPORTED where all that are there are to brokers that do not know metrics of clients.
   */
  #openConnection(): Connection | undefined {
    const open = [...this.#cluster.connections()];
    const offering = open.filter(({ versions }) => versions.has('pushTelemetry'));
    if (open.length > 0 && offering.length === 0) open[0]!.versions.choose('pushTelemetry');
    offering.sort((a, b) => a.pendingCount - b.pendingCount || b.lastUsedAtMs - a.lastUsedAtMs);
    return offering[0];
  }
}
