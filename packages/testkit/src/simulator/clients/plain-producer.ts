/** A producer without an id: what is not answered is sent again, and may be there twice, or is given up. */
import { errors } from '@millrace/protocol';

import { Client, type Surroundings } from './client.ts';
import type { ProducerOptions } from './idempotent-producer.ts';
import { batchOfValues, valueOf } from './value.ts';

const attemptsMax = 3;

export class PlainProducer extends Client {
  readonly #options: ProducerOptions;
  readonly #counts = new Map<number, number>();

  constructor(surroundings: Surroundings, name: string, options: ProducerOptions) {
    super(surroundings, name);
    this.#options = options;
  }

  async run(): Promise<void> {
    while (!this.isEnding) {
      await this.pause(20, 1_500);
      await this.#send();
    }
  }

  async #send(): Promise<void> {
    const { topic, partitionCount } = this.#options;
    const partition = this.chance.random.below(partitionCount);
    const first = this.#counts.get(partition) ?? 0;
    const count = this.chance.integer(1, 3);
    this.#counts.set(partition, first + count);
    const values = Array.from({ length: count }, (_, index) => valueOf(this.name, partition, first + index));
    const acks = this.chance.pick([-1, -1, 1, 0]);
    this.history.add({ kind: 'sent', producer: this.name, guarantee: 'plain', topic, partition, values });
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const records = batchOfValues(this.chance, values, this.clockMs);
      const request = {
        acks,
        timeoutMs: 1_000,
        topicData: [{ name: topic, partitionData: [{ index: partition, records }] }],
      };
      if (acks === 0) {
        // Nobody answers: the next request of the connection tells that it was read.
        (await this.wire()).post('produce', 9, request);
        await this.ask('apiVersions', 3, { clientSoftwareName: 'simulator', clientSoftwareVersion: '1' });
        return;
      }
      const entry = (await this.ask('produce', this.chance.integer(3, 12), request))?.responses[0]
        ?.partitionResponses[0];
      if (entry?.errorCode === errors.NONE) {
        const { baseOffset } = entry;
        this.history.add({ kind: 'acked', producer: this.name, topic, partition, values, baseOffset, acks });
        return;
      }
      if (entry !== undefined) this.mustBeRetriable(`batch ${values[0]}`, entry.errorCode);
      await this.pause(20, 100);
    }
  }
}
