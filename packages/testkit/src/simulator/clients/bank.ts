/** A transactional producer: a few batches over some partitions, all of them or none. */
import type { Place } from '../history.ts';
import type { Surroundings } from './client.ts';
import { TransactionalClient } from './transactional-client.ts';
import { valueOf } from './value.ts';

export class Bank extends TransactionalClient {
  readonly #places: readonly Place[];
  #count = 0;

  constructor(surroundings: Surroundings, name: string, places: readonly Place[]) {
    super(surroundings, name);
    this.#places = places;
  }

  async run(): Promise<void> {
    await this.init();
    while (!this.isEnding) {
      await this.pause(50, 1_500);
      if (!(await this.#transfer())) await this.giveUp();
    }
  }

  async #transfer(): Promise<boolean> {
    this.begin();
    for (let count = this.chance.integer(1, 4); count > 0; count--) {
      const place = this.chance.pick(this.#places);
      const values = Array.from({ length: this.chance.integer(1, 3) }, () =>
        valueOf(this.name, place.partition, this.#count++),
      );
      if (!(await this.send(place, values))) return false;
      await this.pause(0, 200);
    }
    // Now and then the coordinator has to find out by itself.
    if (this.chance.oneIn(30)) await this.pause(5_000, 20_000);
    return await this.end(this.chance.oneIn(4) ? 'abort' : 'commit');
  }
}
