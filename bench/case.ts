// What a case is: how one side is measured once, and what the figures must and should be.

import type { Figures } from './figures.ts';
import type { Broker, Durability, SideName } from './sides/broker.ts';

/** One line of the table. */
export interface Row {
  figure: string;
  text: string;
  unit: Unit;
  better: 'higher' | 'lower';
  /** `ratio`: Millrace divided by Apache Kafka in the same round. `absolute`: the figure of Millrace itself. */
  against: 'ratio' | 'absolute';
  /** Without `must` and `goal` the row is for information. */
  must?: number;
  goal?: number;
}

export type Unit = 'MB/s' | 'records/s' | 's/GB' | 'ms' | 'MiB' | 'KiB' | '%' | 's';

/** One side of a case. */
export interface Stage {
  side: SideName;
  label: 'a' | 'b';
  durability: Durability;
  round: number;
  /** Tiny sizes: does it still run? */
  smoke: boolean;
  /** A folder of this side for this case, on the file system of all log directories. */
  dir: string;
}

interface Outline {
  name: string;
  text: string;
  durability: Durability;
  /** Replaces the durability in the table, where there are no files. */
  storage?: string;
  /** Bytes of page cache that one run fills, for the touch before the first round. */
  bytes: number;
  rows: Row[];
  /** Rounds, if the usual number would take too long. */
  roundsMax?: number;
  only?: SideName;
}

/** Both brokers stay up for all rounds, and for other cases of the same durability. */
export interface KeptCase extends Outline {
  brokers: 'kept';
  prepare?(stage: Stage, broker: Broker): Promise<void>;
  run(stage: Stage, broker: Broker): Promise<Figures>;
  clear?(stage: Stage, broker: Broker): Promise<void>;
}

/** Each run starts the broker it needs, if any, and leaves nothing running. */
export interface OwnCase extends Outline {
  brokers: 'own';
  prepare?(stage: Stage): Promise<void>;
  run(stage: Stage): Promise<Figures>;
  clear?(stage: Stage): Promise<void>;
}

export type Case = KeptCase | OwnCase;
