/** What a copier wrote, as readers of committed records see it: one copy of each committed record before the offset that it has stored. */
import type { Place } from '../history.ts';
import { countOf, producerOf } from '../clients/value.ts';
import { eventsOf, finalPartitions, placeName, type Check } from './check.ts';

export interface Copying {
  readonly copier: string;
  readonly group: string;
  readonly source: Place;
  readonly target: Place;
}

export function copiesOf({ copier, group, source, target }: Copying): Check {
  return (events) => {
    const faults: string[] = [];
    const finals = finalPartitions(events);
    const stored = eventsOf(events, 'stored').findLast((event) => event.isFinal && event.group === group);
    const from = finals.get(placeName(source));
    const to = finals.get(placeName(target));
    if (stored === undefined || from === undefined || to === undefined) return faults;
    const copied = new Map<number, string>();
    for (const [, value] of to.committed) {
      if (producerOf(value) !== copier) continue;
      const before = copied.get(countOf(value));
      if (before !== undefined) faults.push(`offset ${countOf(value)} was copied as ${before} and as ${value}`);
      copied.set(countOf(value), value);
    }
    for (const [offset, value] of from.committed) {
      if (offset < stored.offset !== copied.has(offset))
        faults.push(
          `${value} at offset ${offset} is ${copied.has(offset) ? '' : 'not '}copied, and ${stored.offset} is stored`,
        );
    }
    return faults;
  };
}
