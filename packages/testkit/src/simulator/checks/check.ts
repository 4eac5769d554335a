/** A check reads a whole history and gives a sentence for each thing in it that must not be. */
import type { HistoryEvent, Place, SeenRecord } from '../history.ts';

export type Check = (events: readonly HistoryEvent[]) => string[];

export type EventOf<K extends HistoryEvent['kind']> = Extract<HistoryEvent, { readonly kind: K }>;

export function eventsOf<K extends HistoryEvent['kind']>(events: readonly HistoryEvent[], kind: K): EventOf<K>[] {
  return events.filter((event): event is EventOf<K> => event.kind === kind);
}

export function placeName({ topic, partition }: Place): string {
  return `${topic}-${partition}`;
}

export interface FinalPartition {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly uncommitted: readonly SeenRecord[];
  readonly committed: readonly SeenRecord[];
}

/** What was there when all was over. */
export function finalPartitions(events: readonly HistoryEvent[]): Map<string, FinalPartition> {
  const found = new Map<string, FinalPartition>();
  // What goes while it is read, by retention, is left out.
  for (const event of eventsOf(events, 'final')) {
    const name = placeName(event);
    const known = found.get(name) ?? { name, from: event.from, to: event.to, uncommitted: [], committed: [] };
    found.set(name, { ...known, from: Math.max(known.from, event.from), [event.isolation]: event.records });
  }
  for (const [name, final] of found) {
    const isThere = ([offset]: SeenRecord): boolean => offset >= final.from;
    const [uncommitted, committed] = [final.uncommitted.filter(isThere), final.committed.filter(isThere)];
    found.set(name, { ...final, uncommitted, committed });
  }
  return found;
}

/** Topics whose records may go. */
export function trimmedTopics(events: readonly HistoryEvent[]): Set<string> {
  return new Set(eventsOf(events, 'trimmed').map(({ topic }) => topic));
}
