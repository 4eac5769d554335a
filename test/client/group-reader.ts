/** A consumer of a group that notes what it was given, what was taken, and what it read. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  type ClientHost,
  Consumer,
  type ConsumerOptions,
  nodeClientHost,
  type SubscribeTo,
  type TopicPartition,
} from '@millrace/client';
import type { DialAddress } from '@millrace/net';

type Socket = Awaited<ReturnType<ClientHost['dial']>>;

/** A network that can be cut. */
class CutHost implements ClientHost {
  readonly #real = nodeClientHost();
  readonly clock = this.#real.clock;
  readonly timers = this.#real.timers;
  readonly random = this.#real.random;
  readonly log = this.#real.log;
  readonly #sockets = new Set<Socket>();
  isDown = false;

  readonly dial = async (address: DialAddress): Promise<Socket> => {
    if (this.isDown) throw new Error('the network is down');
    const socket = await this.#real.dial(address);
    this.#sockets.add(socket);
    return socket;
  };

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }
}

export class GroupReader implements AsyncDisposable {
  readonly name: string;
  readonly consumer: Consumer;
  readonly host = new CutHost();
  /** `+` given, `-` taken, `!` lost. */
  readonly events: string[] = [];
  readonly values: string[] = [];
  /** Called with each value, and waited for. */
  handler: (value: string) => unknown = () => {};
  ended: Promise<unknown>;

  constructor(name: string, to: SubscribeTo, options: ConsumerOptions) {
    this.name = name;
    this.consumer = new Consumer({
      'auto.offset.reset': 'earliest',
      'metadata.max.age.ms': 500,
      'heartbeat.interval.ms': 200,
      'retry.backoff.ms': 20,
      host: this.host,
      onPartitionsAssigned: (partitions) => this.#note('+', partitions),
      onPartitionsRevoked: (partitions) => this.#note('-', partitions),
      onPartitionsLost: (partitions) => this.#note('!', partitions),
      ...options,
    });
    this.consumer.subscribe(to);
    this.ended = this.#read();
  }

  /** The partitions of all topics it has, in order. */
  get owned(): string {
    return textOf(this.consumer.assignment());
  }

  /** What has happened since the last time, in order. */
  takeEvents(): string {
    return this.events.splice(0).join(' ');
  }

  async has(count: number): Promise<void> {
    await until(
      `${this.name} has ${count} partitions`,
      () => this.consumer.assignment().length === count,
      () => this.owned,
    );
  }

  async hasRead(value: string): Promise<void> {
    await until(
      `${this.name} reads ${value}`,
      () => this.values.includes(value),
      () => this.values.slice(-5).join(),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.consumer.close({ timeoutMs: 5000 });
  }

  async #read(): Promise<unknown> {
    try {
      await this.consumer.run({
        eachRecord: async ({ value }) => {
          const text = Buffer.from(value as Uint8Array).toString();
          this.values.push(text);
          await this.handler(text);
        },
      });
      return undefined;
    } catch (error) {
      return error;
    }
  }

  #note(sign: string, partitions: readonly TopicPartition[]): void {
    if (partitions.length > 0) this.events.push(`${sign}${textOf(partitions)}`);
  }
}

export function textOf(partitions: readonly TopicPartition[]): string {
  const names = partitions.map(({ topic, partition }) => `${topic.slice(0, topic.indexOf('-'))}${partition}`);
  return names.sort().join(',');
}

/** Looks every few milliseconds; fails with what it is waiting for, and what there is instead. */
export async function until(what: string, holds: () => boolean, instead: () => string = () => ''): Promise<void> {
  const endMs = performance.now() + 30_000;
  while (!holds()) {
    assert.ok(performance.now() < endMs, `in vain: ${what} (${instead()})`);
    await sleep(5);
  }
}
