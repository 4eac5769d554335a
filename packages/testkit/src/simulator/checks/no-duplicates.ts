/** What an idempotent or transactional producer sent is there once. */
import { eventsOf, finalPartitions, type Check } from './check.ts';

export const noDuplicates: Check = (events) => {
  const faults: string[] = [];
  const once = new Set(
    eventsOf(events, 'sent').flatMap(({ guarantee, values }) => (guarantee === 'plain' ? [] : values)),
  );
  for (const { name, uncommitted } of finalPartitions(events).values()) {
    const seen = new Map<string, number>();
    for (const [offset, value] of uncommitted) {
      const before = seen.get(value);
      if (before !== undefined && once.has(value))
        faults.push(`${name}: ${value} is at offset ${before} and at ${offset}`);
      seen.set(value, offset);
    }
  }
  return faults;
};
