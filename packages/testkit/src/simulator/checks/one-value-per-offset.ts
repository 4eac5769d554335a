/** One offset has one value, for all readers and at all times; and nothing is read that nobody had sent by then. */
import { placeName, type Check } from './check.ts';

export const oneValuePerOffset: Check = (events) => {
  const faults: string[] = [];
  const values = new Map<string, Map<number, string>>();
  const sent = new Map<string, Set<string>>();
  for (const event of events) {
    if (event.kind === 'sent') {
      const name = placeName(event);
      const known = sent.get(name) ?? new Set();
      for (const value of event.values) known.add(value);
      sent.set(name, known);
    } else if (event.kind === 'read' || event.kind === 'final') {
      const name = placeName(event);
      const known = values.get(name) ?? new Map<number, string>();
      values.set(name, known);
      for (const [offset, value] of event.records) {
        const before = known.get(offset);
        if (before !== undefined && before !== value)
          faults.push(`${name}: offset ${offset} held ${before}, and later ${value}`);
        if (sent.get(name)?.has(value) !== true)
          faults.push(`${name}: ${value} at offset ${offset} was never sent there`);
        known.set(offset, value);
      }
    }
  }
  return faults;
};
