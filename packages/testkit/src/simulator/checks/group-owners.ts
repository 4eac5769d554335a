/**
 * One owner per partition and generation; and no member is given a generation older than one that was given before it asked: to anyone
 * where the group has one generation, to itself where each member has its own epoch (KIP-848).
 */
import { eventsOf, placeName, type Check } from './check.ts';

export const groupOwners: Check = (events) => {
  const faults: string[] = [];
  const owners = new Map<string, string>();
  const generations = new Map<string, { readonly atMs: number; readonly generation: number }[]>();
  for (const { group, generation, member, ownEpoch, partitions, askedAtMs, atMs } of eventsOf(events, 'owned')) {
    for (const place of partitions) {
      const key = `${group} ${generation} ${placeName(place)}`;
      const owner = owners.get(key) ?? member;
      if (owner !== member)
        faults.push(`${group}: ${placeName(place)} belongs to ${owner} and to ${member} in generation ${generation}`);
      owners.set(key, owner);
    }
    const whose = ownEpoch === true ? `${group} ${member}` : group;
    const known = generations.get(whose) ?? [];
    const atLeast = known.findLast((one) => one.atMs < askedAtMs)?.generation ?? -1;
    if (generation < atLeast) faults.push(`${group}: ${member} was given generation ${generation} after ${atLeast}`);
    known.push({ atMs, generation: Math.max(generation, known.at(-1)?.generation ?? -1) });
    generations.set(whose, known);
  }
  return faults;
};
