/** Draws from a seed. Each part of a simulation has its own stream, so that one part's draws do not move another's. */
import type { Random } from '@millrace/base';

import { seededRandom } from '../test-host.ts';

export class Chance {
  readonly random: Random;
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
    this.random = seededRandom(seed);
  }

  /** A stream that the name and this one's seed decide. */
  fork(name: string): Chance {
    let seed = this.#seed ^ 0x9e37_79b9;
    for (let index = 0; index < name.length; index++)
      seed = Math.imul(seed ^ name.charCodeAt(index), 0x0100_0193) >>> 0;
    return new Chance(seed);
  }

  /** True once in `count` draws. */
  oneIn(count: number): boolean {
    return this.random.below(count) === 0;
  }

  /** From `least` to `most`, both included. */
  integer(least: number, most: number): number {
    return least + this.random.below(most - least + 1);
  }

  /** From `least` to below `most`, in steps of a thousandth of the range. */
  amount(least: number, most: number): number {
    return least + ((most - least) * this.random.below(1000)) / 1000;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.random.below(choices.length)] as T;
  }
}
