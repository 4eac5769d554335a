/**
 * Which partition records without a key go to: one for as long as it takes to fill a batch, then another (KIP-794). Where that is
 * asked for, partitions whose batches pile up are chosen less often.
 */
import type { Random } from '@millrace/base';

import type { TopicState } from './topic-state.ts';

export interface StickyRules {
  readonly batchBytes: number;
  readonly isAdaptive: boolean;
  readonly random: Random;
  /** Brokers that have taken nothing for too long. */
  readonly isAvailable: (leaderId: number) => boolean;
  /** Brokers of the client's own rack, which are preferred while any of them leads (KIP-1123). Undefined: racks do not count. */
  readonly isNear: ((leaderId: number) => boolean) | undefined;
}

export class StickyPartition {
  #index = -1;
  #bytes = 0;

  /** For the next record. Changes when a batch's worth of bytes has gone there, as far as possible where a batch ends. */
  choose(topic: TopicState, rules: StickyRules): number {
    if (this.#index >= 0 && this.#index < topic.metadata!.partitions.length) {
      if (this.#bytes < rules.batchBytes) return this.#index;
      if (topic.queues[this.#index]?.open !== undefined && this.#bytes < 2 * rules.batchBytes) return this.#index;
    }
    this.#bytes = 0;
    return (this.#index = next(topic, rules));
  }

  produced(bytes: number): void {
    this.#bytes += bytes;
  }
}

function next(topic: TopicState, { isAdaptive, random, isAvailable, isNear }: StickyRules): number {
  const { partitions } = topic.metadata!;
  const all = partitions.filter(({ leaderId }) => leaderId >= 0 && isAvailable(leaderId));
  const near = isNear === undefined ? [] : all.filter(({ leaderId }) => isNear(leaderId));
  const led = near.length > 0 ? near : all;
  if (led.length === 0) return random.below(partitions.length);
  const waiting = led.map(({ index }) => topic.queues[index]?.length ?? 0);
  if (!isAdaptive || led.length < 2) return led[random.below(led.length)]!.index;
  const most = Math.max(...waiting) + 1;
  let total = 0;
  for (const count of waiting) total += most - count;
  let drawn = random.below(total);
  for (const [at, count] of waiting.entries()) {
    drawn -= most - count;
    if (drawn < 0) return led[at]!.index;
  }
  return led[0]!.index;
}
