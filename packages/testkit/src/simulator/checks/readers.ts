/** A reader that goes from offset to offset is given everything on its way, in order and once. */
import type { SeenRecord } from '../history.ts';
import { eventsOf, finalPartitions, placeName, trimmedTopics, type Check } from './check.ts';

export const readers: Check = (events) => {
  const faults: string[] = [];
  const trimmed = trimmedTopics(events);
  const finals = finalPartitions(events);
  for (const { by, isolation, from, to, records, ...place } of eventsOf(events, 'read')) {
    const name = placeName(place);
    const final = finals.get(name);
    if (final === undefined) continue;
    let last = -1;
    for (const [offset] of records) {
      if (offset < from || offset >= to || offset <= last)
        faults.push(`${by}: ${name} gave offset ${offset} behind ${last}, from ${from} to ${to}`);
      last = offset;
    }
    if (trimmed.has(place.topic)) continue;
    const given = new Set(records.map(([offset]) => offset));
    const missing = between(isolation === 'committed' ? final.committed : final.uncommitted, from, to).find(
      ([offset]) => !given.has(offset),
    );
    if (missing !== undefined)
      faults.push(`${by}: ${name} gave ${from} to ${to} without ${missing[1]} at ${missing[0]}`);
  }
  return faults;
};

function between(records: readonly SeenRecord[], from: number, to: number): readonly SeenRecord[] {
  return records.filter(([offset]) => offset >= from && offset < to);
}
