/** What is measured of clients: a load, who takes part, and what Millrace's client must be beside the others. */
import type { Load } from './load.ts';
import type { Participant } from './participants.ts';

export type ClientFigure =
  | 'recordsPerSecond'
  | 'megabytesPerSecond'
  | 'cpuMicrosecondsPerRecord'
  | 'p50Ms'
  | 'p99Ms'
  | 'cpuPercent';

/** One line of the table: the best of ours against the best of theirs in the same round, or ours alone. */
export interface ClientRow {
  text: string;
  figure: ClientFigure;
  /** Names of participants, those that end with * are beginnings. */
  ours: string;
  /** None: the figure stands alone. */
  against?: readonly string[];
  must?: number;
  goal?: number;
}

export interface ClientCase {
  name: string;
  text: string;
  load: Omit<Load, 'bootstrap' | 'topic'>;
  participants: Participant[];
  rows: ClientRow[];
  /** Shown for each participant. */
  figures: ClientFigure[];
}

/** More records in a second are better, more of anything else is not. */
export function isHigherBetter(figure: ClientFigure): boolean {
  return figure.endsWith('PerSecond');
}

export const unitOf: Record<ClientFigure, string> = {
  recordsPerSecond: 'records/s',
  megabytesPerSecond: 'MB/s',
  cpuMicrosecondsPerRecord: 'µs/record',
  p50Ms: 'ms',
  p99Ms: 'ms',
  cpuPercent: '%',
};
