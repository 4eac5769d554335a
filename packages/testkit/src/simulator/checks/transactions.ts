/**
 * Readers of committed records see exactly the committed: of a transaction that was committed everything, of one that was aborted nothing,
 * ever; of one whose end nobody knows all or nothing; and nothing before its producer asked for the commit.
 */
import { eventsOf, finalPartitions, type Check } from './check.ts';

interface Transaction {
  readonly values: Set<string>;
  outcome: 'commit' | 'abort' | 'unknown';
}

export const transactions: Check = (events) => {
  const faults: string[] = [];
  const byName = new Map<string, Transaction>();
  const ofValue = new Map<string, string>();
  const asked = new Set<string>();
  for (const event of events) {
    if (event.kind === 'sent' && event.transaction !== undefined) {
      const known = byName.get(event.transaction) ?? { values: new Set(), outcome: 'unknown' };
      for (const value of event.values) {
        known.values.add(value);
        ofValue.set(value, event.transaction);
      }
      byName.set(event.transaction, known);
    } else if (event.kind === 'ending' && event.outcome === 'commit') {
      asked.add(event.transaction);
    } else if (event.kind === 'ended') {
      const known = byName.get(event.transaction);
      if (known !== undefined) known.outcome = event.outcome;
    } else if (event.kind === 'read' && event.isolation === 'committed') {
      for (const [offset, value] of event.records) {
        const transaction = ofValue.get(value);
        if (transaction !== undefined && !asked.has(transaction))
          faults.push(`${event.by} read ${value} at offset ${offset} before its commit was asked for`);
      }
    }
  }
  return [...faults, ...abortedReads(events, byName, ofValue), ...finalFaults(events, byName, ofValue)];
};

function abortedReads(
  events: Parameters<Check>[0],
  byName: ReadonlyMap<string, Transaction>,
  ofValue: ReadonlyMap<string, string>,
): string[] {
  return eventsOf(events, 'read').flatMap(({ by, isolation, records }) =>
    records
      .filter(([, value]) => isolation === 'committed' && byName.get(ofValue.get(value) ?? '')?.outcome === 'abort')
      .map(([offset, value]) => `${by} read ${value} at offset ${offset}, which was aborted`),
  );
}

function finalFaults(
  events: Parameters<Check>[0],
  byName: ReadonlyMap<string, Transaction>,
  ofValue: ReadonlyMap<string, string>,
): string[] {
  const faults: string[] = [];
  const finals = [...finalPartitions(events).values()];
  if (finals.length === 0) return faults;
  const committed = new Set(finals.flatMap(({ committed }) => committed.map(([, value]) => value)));
  const isWhole = finals.every(({ from }) => from === 0);
  for (const [name, { values, outcome }] of byName) {
    const there = [...values].filter((value) => committed.has(value));
    const missing = [...values].filter((value) => !committed.has(value));
    if (outcome === 'abort' && there.length > 0) faults.push(`${name} was aborted, and ${there[0]} is there`);
    if (!isWhole || missing.length === 0) continue;
    if (outcome === 'commit') faults.push(`${name} was committed, and ${missing[0]} is not there`);
    if (outcome === 'unknown' && there.length > 0)
      faults.push(`${name} is there with ${there[0]}, and without ${missing[0]}`);
  }
  for (const { name, uncommitted, committed } of finals) {
    const there = new Set(committed.map(([offset]) => offset));
    const left = uncommitted.find(([offset, value]) => !ofValue.has(value) && !there.has(offset));
    if (left !== undefined)
      faults.push(`${name}: ${left[1]} belongs to no transaction, and is hidden at offset ${left[0]}`);
  }
  return faults;
}
