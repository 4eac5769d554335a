/**
 * Order in a partition. Of one producer with sequences: the order of sending. Of all: what is sent after something else was acknowledged
 * comes behind it.
 */
import type { Guarantee } from '../history.ts';
import { countOf, producerOf } from '../clients/value.ts';
import { finalPartitions, placeName, type Check } from './check.ts';

export const order: Check = (events) => {
  const faults: string[] = [];
  const guarantees = new Map<string, Guarantee>();
  const lastAcked = new Map<string, number>();
  /** The largest offset that was acknowledged when the value was first sent. */
  const behind = new Map<string, number>();
  for (const event of events) {
    if (event.kind === 'sent') {
      guarantees.set(event.producer, event.guarantee);
      const first = event.values[0];
      if (first !== undefined) behind.set(`${placeName(event)} ${first}`, lastAcked.get(placeName(event)) ?? -1);
    } else if (event.kind === 'acked' && event.acks === -1) {
      const name = placeName(event);
      const limit = behind.get(`${name} ${event.values[0]}`) ?? -1;
      if (event.baseOffset <= limit)
        faults.push(`${name}: ${event.values[0]} was acknowledged at ${event.baseOffset}, not behind ${limit}`);
      lastAcked.set(name, Math.max(lastAcked.get(name) ?? -1, event.baseOffset + event.values.length - 1));
    }
  }
  for (const { name, uncommitted, committed } of finalPartitions(events).values()) {
    // What is aborted may be sent anew.
    const kept = new Set(committed.map(([offset]) => offset));
    const last = new Map<string, string>();
    for (const [offset, value] of uncommitted) {
      const producer = producerOf(value);
      const guarantee = guarantees.get(producer);
      if (guarantee === 'plain' || (guarantee === 'transactional' && !kept.has(offset))) continue;
      const before = last.get(producer);
      if (before !== undefined && countOf(before) > countOf(value))
        faults.push(`${name}: ${value} at offset ${offset} stands behind ${before}`);
      last.set(producer, value);
    }
  }
  return faults;
};
