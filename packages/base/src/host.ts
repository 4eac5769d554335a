import type { Clock, Timers } from './clock.ts';
import type { Disk } from './disk.ts';
import type { Logger } from './logger.ts';
import type { Network } from './network.ts';
import type { Random } from './random.ts';

/** Everything uncertain comes through here: with a simulated host the same code runs under one seed. */
export interface Host {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly disk: Disk;
  readonly network: Network;
  readonly log: Logger;
}
