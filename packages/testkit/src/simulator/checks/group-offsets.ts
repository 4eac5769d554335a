/**
 * Stored offsets of a group never go back: whoever asks, or stores, after a store was answered finds at least that.
 */
import { eventsOf, finalPartitions, placeName, trimmedTopics, type Check } from './check.ts';

interface Stored {
  readonly atMs: number;
  readonly offset: number;
}

export const groupOffsets: Check = (events) => {
  const faults: string[] = [];
  const stored = new Map<string, Stored[]>();
  for (const event of events) {
    if (event.kind !== 'committed' && event.kind !== 'stored') continue;
    const key = `${event.group}: ${placeName(event)}`;
    const known = stored.get(key) ?? [];
    const atLeast = known.findLast(({ atMs }) => atMs < event.askedAtMs)?.offset ?? -1;
    if (event.offset < atLeast)
      faults.push(`${key}: offset ${event.offset} was ${event.kind === 'stored' ? 'told' : 'stored'} after ${atLeast}`);
    known.push({ atMs: event.atMs, offset: Math.max(event.offset, known.at(-1)?.offset ?? -1) });
    stored.set(key, known);
  }
  return faults;
};

/** Of groups with members: what lies before a stored offset was given to one of them. */
export const groupReadsAll: Check = (events) => {
  const faults: string[] = [];
  const trimmed = trimmedTopics(events);
  const finals = finalPartitions(events);
  const withMembers = new Set(eventsOf(events, 'owned').map(({ group }) => group));
  const readsCommitted = new Set<string>();
  const given = new Map<string, Set<number>>();
  for (const event of events) {
    if (event.kind !== 'read') continue;
    const key = `${groupOf(event.by)}: ${placeName(event)}`;
    const known = given.get(key) ?? new Set();
    if (event.isolation === 'committed') readsCommitted.add(key);
    for (const [offset] of event.records) known.add(offset);
    given.set(key, known);
  }
  for (const event of events) {
    if (event.kind !== 'stored' || !event.isFinal || trimmed.has(event.topic) || !withMembers.has(event.group))
      continue;
    const key = `${event.group}: ${placeName(event)}`;
    const isolation = readsCommitted.has(key) ? 'committed' : 'uncommitted';
    for (const [offset, value] of finals.get(placeName(event))?.[isolation] ?? []) {
      if (offset < event.offset && given.get(key)?.has(offset) !== true)
        faults.push(`${key}: ${value} at offset ${offset} was never read, and ${event.offset} is stored`);
    }
  }
  return faults;
};

/** Members are called after their group: `group.1`, `group.2`. */
function groupOf(reader: string): string {
  return reader.replace(/\.\d+$/, '');
}
