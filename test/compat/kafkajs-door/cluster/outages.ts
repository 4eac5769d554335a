/** Writing and reading without a pause while brokers come and go: what came to grief. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { type KafkaNode, startKafka } from '../../../../tools/reference/kafka-node.ts';
import { filled, type Story } from './story.ts';

const sendEveryMs = 20;

export interface Toll {
  readonly sent: number;
  readonly failed: readonly string[];
  readonly lost: readonly string[];
  /** Crashes that were not followed by a restart. */
  readonly ends: number;
  readonly crashes: readonly string[];
}

export class Traffic {
  readonly #story: Story;
  readonly #acknowledged = new Set<string>();
  readonly #read = new Set<string>();
  readonly #failed: string[] = [];
  readonly #crashes: string[] = [];
  #ends = 0;
  #isOver = false;
  #sending: Promise<void>[] = [];
  #stop: () => Promise<void> = async () => {};

  constructor(story: Story) {
    this.#story = story;
  }

  get readCount(): number {
    return this.#read.size;
  }

  /** Settles when the first messages have been read. */
  async start(): Promise<void> {
    const { kafka, library } = this.#story;
    const topic = await filled(this.#story, 'traffic', 0);
    const producer = kafka.producer({
      createPartitioner: library.Partitioners.DefaultPartitioner,
      retry: { initialRetryTime: 100, retries: 12 },
    });
    await producer.connect();
    const members = await Promise.all(
      [0, 1].map(async () => {
        const consumer = kafka.consumer({ groupId: this.#story.name('traffic'), maxWaitTimeInMs: 200 });
        consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
          this.#crashes.push(`${error.name}: ${error.message}`);
          if (!restart) this.#ends++;
        });
        await consumer.connect();
        await consumer.subscribe({ topics: [topic], fromBeginning: true });
        await consumer.run({
          eachMessage: async ({ message }) => void this.#read.add(message.value?.toString() ?? ''),
        });
        return consumer;
      }),
    );
    let count = 0;
    const send = async (): Promise<void> => {
      const value = `${count++}`;
      try {
        await producer.send({ topic, messages: [{ value, key: value }] });
        this.#acknowledged.add(value);
      } catch (error) {
        this.#failed.push(`${(error as Error).name}: ${(error as Error).message}`);
      }
    };
    const loop = async (): Promise<void> => {
      while (!this.#isOver) {
        this.#sending.push(send());
        await sleep(sendEveryMs);
      }
    };
    const looping = loop();
    this.#stop = async () => {
      this.#isOver = true;
      await looping;
      await Promise.all(this.#sending);
      await this.#story.until('all is read', () => this.#lost().length === 0).catch(() => {});
      await producer.disconnect();
      await Promise.all(members.map((member) => member.disconnect()));
    };
    await this.goesOn();
  }

  /** Until messages that are sent from now on are read. */
  async goesOn(): Promise<void> {
    const before = this.#acknowledged.size;
    await this.#story.until('messages are written', () => this.#acknowledged.size > before + 30);
    const values = [...this.#acknowledged];
    await this.#story.until('they are read', () => values.every((value) => this.#read.has(value)));
  }

  async stop(): Promise<Toll> {
    await this.#stop();
    const [sent, failed, lost] = [this.#acknowledged.size, this.#failed, this.#lost()];
    return { sent, failed, lost, ends: this.#ends, crashes: this.#crashes };
  }

  #lost(): string[] {
    return [...this.#acknowledged].filter((value) => !this.#read.has(value));
  }
}

/** With its folder, at its port, as it was. */
export async function startAgain({ dir, port }: KafkaNode): Promise<KafkaNode> {
  const lines = readFileSync(join(dir, 'server.properties'), 'utf8').split('\n');
  const properties = Object.fromEntries(
    lines
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  return await startKafka({ dir, port, heapMb: 320, properties });
}
