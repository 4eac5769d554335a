// The two brokers that stay up from case to case, so that the JVM and Node are both warm. Restarted when a case wants other durability.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { drive, withTopic } from './driver.ts';
import { launch, type Broker, type Durability, type SideName } from './sides/broker.ts';
import { withClassArchive } from './sides/kafka.ts';
import { layOut } from './sides/lay-out.ts';

const warmUpPassesMax = 10;

export interface Pair {
  a: Broker;
  b: Broker;
}

export class KeptBrokers {
  #kept: (Pair & { durability: Durability }) | undefined;
  readonly #sides: { a: SideName; b: SideName };
  readonly #dir: string;
  readonly #smoke: boolean;

  constructor(options: { sides: { a: SideName; b: SideName }; dir: string; smoke: boolean }) {
    this.#sides = options.sides;
    this.#dir = options.dir;
    this.#smoke = options.smoke;
  }

  async with(durability: Durability): Promise<Pair> {
    if (this.#kept?.durability === durability) return this.#kept;
    await this.stop();
    const [a, b] = await Promise.all([this.#start('a', durability), this.#start('b', durability)]);
    this.#kept = { a, b, durability };
    for (const broker of [a, b]) await this.#warmUp(broker);
    return this.#kept;
  }

  async stop(): Promise<void> {
    const kept = this.#kept;
    this.#kept = undefined;
    if (kept === undefined) return;
    await Promise.all([kept.a.stop(), kept.b.stop()]);
    for (const label of ['a', 'b']) rmSync(join(this.#dir, `kept-${label}`), { recursive: true, force: true });
  }

  async #start(label: 'a' | 'b', durability: Durability): Promise<Broker> {
    const site = await layOut(this.#sides[label], { dir: join(this.#dir, `kept-${label}`), durability });
    return await launch(this.#smoke ? withClassArchive(site) : site);
  }

  /** Small batches until they cost the broker no less than before, which takes the JVM's compilers some rounds; then the rest. */
  async #warmUp(broker: Broker): Promise<void> {
    if (this.#smoke) return;
    await withTopic({ smoke: false }, broker, 'warm-up', async (topic) => {
      let cheapest = Number.POSITIVE_INFINITY;
      for (let pass = 0; pass < warmUpPassesMax; pass++) {
        const { brokerCpuSeconds = 0, bytes = 0 } = await drive('produce', broker, { topic, records: 4e6, time: '3s' });
        const cost = brokerCpuSeconds / bytes;
        if (cost > cheapest * 0.95) break;
        cheapest = cost;
      }
      await drive('produce', broker, { topic, size: 1024, records: 1e6, 'batch-bytes': 131_072, time: '3s' });
      await drive('latency', broker, { topic, size: 1024, warmup: '100ms', time: '3s' });
      await drive('fetch', broker, { topic });
    });
  }
}
