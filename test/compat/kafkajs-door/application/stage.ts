/**
 * What every part of the application stands on: the cluster, names of its own, and a transcript. Steps begin with `## name`; what differs
 * from run to run (times, generated ids, addresses, names' endings) is masked when it is printed.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import kafkajs, { type Kafka, type KafkaConfig, type LogEntry } from 'kafkajs';

const patienceMs = 20_000;

export class Stage {
  readonly bootstrap: string;
  readonly #ending = `-${process.pid}-${Date.now().toString(36)}`;

  constructor(bootstrap: string) {
    this.bootstrap = bootstrap;
  }

  step(name: string): void {
    console.log(`\n## ${name}`);
  }

  say(what: string, value?: unknown): void {
    console.log(value === undefined ? this.#mask(what) : this.#mask(`${what}: ${show(value)}`));
  }

  /** How a call that must fail fails: what programs look at, not the sentence. */
  async fails(what: string, call: () => unknown): Promise<void> {
    try {
      const value = await call();
      this.say(`${what} succeeds`, value ?? null);
    } catch (error) {
      this.say(`${what} fails`, faultOf(error));
    }
  }

  /** A name that no other run has. */
  name(prefix: string): string {
    return `${prefix}${this.#ending}`;
  }

  /** Quick to give up, silent unless told otherwise. */
  kafka(config: Partial<KafkaConfig> = {}): Kafka {
    return new kafkajs.Kafka({
      brokers: [this.bootstrap],
      clientId: 'proof',
      logLevel: kafkajs.logLevel.NOTHING,
      retry: { initialRetryTime: 30, retries: 4 },
      ...config,
    });
  }

  async topic(prefix: string, numPartitions = 1, configEntries: { name: string; value: string }[] = []) {
    const topic = this.name(prefix);
    const admin = this.kafka().admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic, numPartitions, configEntries }], waitForLeaders: true });
    await admin.disconnect();
    return topic;
  }

  async fill(topic: string, messages: { value: string; key?: string; partition?: number }[]): Promise<void> {
    const producer = this.kafka().producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await producer.connect();
    await producer.send({ topic, messages });
    await producer.disconnect();
  }

  async until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    for (const endMs = Date.now() + patienceMs; Date.now() < endMs;) {
      if (await holds()) return;
      await sleep(10);
    }
    throw new Error(`not in time: ${what}`);
  }

  #mask(text: string): string {
    const [host = '', port = ''] = this.bootstrap.split(':');
    return text
      .replaceAll(this.#ending, '')
      .replaceAll(this.bootstrap, 'HOST:PORT')
      .replaceAll(new RegExp(`(["=])${host.replaceAll('.', '\\.')}"`, 'g'), '$1HOST"')
      .replaceAll(new RegExp(`\\b${port}\\b`, 'g'), 'PORT')
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UUID')
      .replaceAll(/\b1[789]\d{11}\b/g, 'TIME')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'ISO-TIME');
  }
}

/** A value as text on one line: buffers by their content, keys in order of the alphabet. */
export function show(value: unknown): string {
  if (Buffer.isBuffer(value))
    return `<${/^[\x20-\x7e]*$/.test(value.toString()) ? value.toString() : value.toString('hex')}>`;
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (value === undefined) return 'undefined';
  if (typeof value === 'function') return 'function';
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Error) return show(faultOf(value));
  if (Array.isArray(value)) return `[${value.map((item) => show(item)).join(', ')}]`;
  if (value instanceof Map) return `Map${show([...value])}`;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return `{${entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${key}: ${show(item)}`)
    .join(', ')}}`;
}

/** The parts of an error that programs decide by. */
export function faultOf(error: unknown): object {
  if (!(error instanceof Error)) return { thrown: show(error) };
  const { name, retriable, type, code, cause, errors, groups, partitions } = error as Error & Record<string, unknown>;
  const root = cause instanceof Error ? faultOf(cause) : undefined;
  const list = (items: unknown) =>
    Array.isArray(items) ? items.map((item) => (item instanceof Error ? faultOf(item) : item)) : undefined;
  return {
    name,
    retriable,
    type,
    code,
    cause: root,
    errors: list(errors),
    groups: list(groups),
    partitions: list(partitions),
  };
}

/** Which types a payload's values have, for those that differ from run to run. */
export function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])];
  if (Buffer.isBuffer(value)) return 'Buffer';
  if (value instanceof Error) return 'Error';
  if (typeof value !== 'object' || value === null) return value === null ? null : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shapeOf(item)]));
}

/** Collects log entries in place of printing them. */
export function logCollector(): { entries: LogEntry[]; creator: KafkaConfig['logCreator'] & {} } {
  const entries: LogEntry[] = [];
  return { entries, creator: () => (entry) => void entries.push(entry) };
}
