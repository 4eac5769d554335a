/** Every record whose producer was told that all have it is found at the offset that the producer was told. */
import { eventsOf, finalPartitions, placeName, type Check } from './check.ts';

export const acknowledgedRecords: Check = (events) => {
  const faults: string[] = [];
  const finals = finalPartitions(events);
  const byOffset = new Map([...finals].map(([name, { uncommitted }]) => [name, new Map(uncommitted)]));
  for (const { acks, baseOffset, values, ...place } of eventsOf(events, 'acked')) {
    const name = placeName(place);
    const final = finals.get(name);
    if (acks !== -1 || final === undefined) continue;
    for (const [index, value] of values.entries()) {
      const offset = baseOffset + index;
      if (offset < final.from) continue;
      const found = byOffset.get(name)?.get(offset);
      if (found !== value)
        faults.push(`${name}: ${value} was acknowledged at offset ${offset}, where ${found ?? 'nothing'} is`);
    }
  }
  return faults;
};
