/**
 * Consume, transform, produce: reads committed records of one partition, writes one for each to another, and stores how far it came in the
 * same transaction.
 */
import { errors } from '@millrace/protocol';

import type { Place } from '../history.ts';
import type { Surroundings } from './client.ts';
import { fetchAll } from './fetching.ts';
import { fetchStored } from './group-member.ts';
import { TransactionalClient } from './transactional-client.ts';

export interface CopierOptions {
  readonly group: string;
  readonly source: Place;
  readonly target: Place;
}

export class Copier extends TransactionalClient {
  readonly #options: CopierOptions;
  #attempt = 0;

  constructor(surroundings: Surroundings, name: string, options: CopierOptions) {
    super(surroundings, name);
    this.#options = options;
  }

  async run(): Promise<void> {
    await this.init();
    while (!this.isEnding) {
      await this.pause(100, 1_500);
      if (!(await this.#copy())) await this.giveUp();
    }
  }

  async #copy(): Promise<boolean> {
    const { group, source, target } = this.#options;
    const [stored] = (await fetchStored(this, group, [source])) ?? [];
    if (stored === undefined) return true;
    const position = { ...source, offset: Math.max(0, stored.offset) };
    const terms = { isolation: 'committed', waitMsMax: 100, bytesMax: 2_000 } as const;
    const [fetched] = (await fetchAll(this, [position], terms)) ?? [];
    if (fetched === undefined || fetched.errorCode !== errors.NONE || fetched.to === fetched.from) return true;
    this.begin();
    const attempt = ++this.#attempt;
    const values = fetched.records.map(([offset]) => `${this.name}/${attempt}/${offset}`);
    if (values.length > 0 && !(await this.send(target, values))) return false;
    if (!(await this.sendOffset(group, source, fetched.to))) return false;
    return await this.end(this.chance.oneIn(6) ? 'abort' : 'commit');
  }
}
