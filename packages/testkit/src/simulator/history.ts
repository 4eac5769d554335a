/**
 * What happened, as clients saw it: the only thing that checks look at. Every event is also mixed into a hash, together with what the
 * disk and the network did, so that two runs of one seed can be compared.
 */
import { createHash, type Hash } from 'node:crypto';

import type { VirtualTime } from './virtual-time.ts';

export type Isolation = 'committed' | 'uncommitted';
export type Guarantee = 'plain' | 'idempotent' | 'transactional';

export interface Place {
  readonly topic: string;
  readonly partition: number;
}

/** Offset and value. */
export type SeenRecord = readonly [offset: number, value: string];

export type Happening =
  /** For the first time: a retry of the same values is not told again. */
  | (Place & {
      readonly kind: 'sent';
      readonly producer: string;
      readonly guarantee: Guarantee;
      readonly values: readonly string[];
      readonly transaction?: string;
    })
  | (Place & {
      readonly kind: 'acked';
      readonly producer: string;
      readonly values: readonly string[];
      readonly baseOffset: number;
      readonly acks: number;
    })
  /** Watermarks, as an answer told them. */
  | (Place & {
      readonly kind: 'watermarks';
      readonly by: string;
      readonly askedAtMs: number;
      readonly highWatermark: number;
      readonly lastStableOffset: number;
      readonly logStartOffset: number;
    })
  /** Everything there is for this reader from `from` to below `to`. */
  | (Place & {
      readonly kind: 'read';
      readonly by: string;
      readonly isolation: Isolation;
      readonly from: number;
      readonly to: number;
      readonly records: readonly SeenRecord[];
    })
  /** The whole partition when all is over. */
  | (Place & {
      readonly kind: 'final';
      readonly isolation: Isolation;
      readonly from: number;
      readonly to: number;
      readonly records: readonly SeenRecord[];
    })
  /** Records of the topic may go: by retention, or because somebody deletes them. */
  | { readonly kind: 'trimmed'; readonly topic: string }
  | {
      readonly kind: 'owned';
      readonly group: string;
      readonly generation: number;
      readonly member: string;
      /** The generation is the member's own epoch. */
      readonly ownEpoch?: boolean;
      readonly askedAtMs: number;
      readonly partitions: readonly Place[];
    }
  /** An offset that was stored: by a member, or with a transaction. */
  | (Place & {
      readonly kind: 'committed';
      readonly group: string;
      readonly member: string;
      readonly askedAtMs: number;
      readonly offset: number;
    })
  /** What the coordinator says is stored; -1 for nothing. */
  | (Place & {
      readonly kind: 'stored';
      readonly group: string;
      readonly askedAtMs: number;
      readonly offset: number;
      readonly isFinal: boolean;
    })
  | { readonly kind: 'ending'; readonly transaction: string; readonly outcome: 'commit' | 'abort' }
  | { readonly kind: 'ended'; readonly transaction: string; readonly outcome: 'commit' | 'abort' }
  /** A topic was made or removed, and the broker said so. */
  | { readonly kind: 'topic'; readonly topic: string; readonly isThere: boolean; readonly isFinal: boolean }
  /** An answer, or a silence, that must not be. */
  | { readonly kind: 'surprise'; readonly by: string; readonly text: string }
  | { readonly kind: 'fault'; readonly text: string };

export type HistoryEvent = Happening & { readonly atMs: number };

const hashedAtOnce = 1 << 16;

export class History {
  readonly events: HistoryEvent[] = [];
  readonly #time: VirtualTime;
  readonly #hash: Hash = createHash('sha256');
  readonly #print: ((line: string) => void) | undefined;
  #unhashed = '';

  /** `print` gets every line of the trace. */
  constructor(time: VirtualTime, print?: (line: string) => void) {
    this.#time = time;
    this.#print = print;
  }

  add(happening: Happening): void {
    const event = { atMs: this.#time.nowMs, ...happening };
    this.events.push(event);
    this.trace(JSON.stringify(happening));
  }

  surprise(by: string, text: string): void {
    this.add({ kind: 'surprise', by, text });
  }

  /** For the hash only. */
  trace(line: string): void {
    const stamped = `${this.#time.nowMs.toFixed(3)} ${line}\n`;
    this.#unhashed += stamped;
    if (this.#unhashed.length >= hashedAtOnce) this.#mix();
    this.#print?.(stamped);
  }

  digest(): string {
    this.#mix();
    return this.#hash.copy().digest('hex').slice(0, 16);
  }

  #mix(): void {
    this.#hash.update(this.#unhashed);
    this.#unhashed = '';
  }
}
