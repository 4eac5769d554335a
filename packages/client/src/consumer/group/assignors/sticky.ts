/**
 * Balanced first, then as little moved as possible. Members bring what they had: `sticky` in its user data, because it gives everything up
 * before it joins, `cooperative-sticky` in its subscription. Both forms are Kafka's, so members of ours and Java's share groups.
 *
 * A partition that moves between members of a cooperative group is given to nobody at first: its owner has to give it up, which leads
 * to the next rebalance, and that one hands it out (KIP-429).
 */
import { partitionKey } from '../../../record.ts';
import {
  type AssignableGroup,
  type AssignableMember,
  assignmentsOf,
  type Assignor,
  type Draft,
  type MemberAssignment,
} from './assignor.ts';
import { StickyBalance } from './sticky-balance.ts';
import {
  type Claim,
  decodeCooperativeUserData,
  decodeStickyUserData,
  encodeCooperativeUserData,
  encodeStickyUserData,
} from './sticky-claim.ts';

export function stickyAssignor(): Assignor {
  let last: Claim | undefined;
  return {
    name: 'sticky',
    protocols: ['eager'],
    userData: () => (last === undefined ? null : encodeStickyUserData(last)),
    onAssignment({ partitions }, generationId) {
      last = { partitions, generationId };
    },
    assign: (group) => assignmentsOf(assignSticky(group, ({ userData }) => decodeStickyUserData(userData)).draft),
  };
}

export function cooperativeStickyAssignor(): Assignor {
  let generation = -1;
  return {
    name: 'cooperative-sticky',
    protocols: ['cooperative', 'eager'],
    userData: () => encodeCooperativeUserData(generation),
    onAssignment(_, generationId) {
      generation = generationId;
    },
    assign: assignCooperatively,
  };
}

function assignCooperatively(group: AssignableGroup): ReadonlyMap<string, MemberAssignment> {
  const { draft, owners, contested } = assignSticky(group, cooperativeClaim);
  for (const [id, partitions] of draft) {
    const settled = partitions.filter(({ topic, partition }) => {
      const key = partitionKey(topic, partition);
      return !contested.has(key) && (owners.get(key) ?? id) === id;
    });
    draft.set(id, settled);
  }
  return assignmentsOf(draft);
}

/** Older clients say their generation in the user data only. */
function cooperativeClaim({ ownedPartitions: partitions, generationId, userData }: AssignableMember): Claim {
  return { partitions, generationId: generationId >= 0 ? generationId : decodeCooperativeUserData(userData) };
}

interface Owners {
  /** Of each partition that somebody had, by `partitionKey`. */
  readonly owners: ReadonlyMap<string, string>;
  /** Partitions that several members of one generation say they had: none of them keeps those at once. */
  readonly contested: ReadonlySet<string>;
}

interface StickyDraft extends Owners {
  readonly draft: Draft;
}

function assignSticky(group: AssignableGroup, claimOf: (member: AssignableMember) => Claim): StickyDraft {
  const claims = new Map([...group.members].map(([id, member]) => [id, claimOf(member)]));
  const { owners, contested } = settleClaims(claims);
  const balance = new StickyBalance(group);
  for (const [id, { partitions }] of claims)
    for (const { topic, partition } of partitions)
      if (owners.get(partitionKey(topic, partition)) === id) balance.keep(id, topic, partition);
  return { draft: balance.settle(), owners, contested };
}

/** The newest generation is right; where two of the same generation name one partition, neither is. */
function settleClaims(claims: ReadonlyMap<string, Claim>): Owners {
  const owners = new Map<string, string>();
  const contested = new Set<string>();
  const newestFirst = [...claims].sort(([, a], [, b]) => b.generationId - a.generationId);
  const generations = new Map<string, number>();
  for (const [id, { partitions, generationId }] of newestFirst) {
    for (const { topic, partition } of partitions) {
      const key = partitionKey(topic, partition);
      const newest = generations.get(key);
      if (newest === undefined) {
        generations.set(key, generationId);
        owners.set(key, id);
      } else if (newest === generationId && owners.get(key) !== id) {
        owners.delete(key);
        contested.add(key);
      }
    }
  }
  return { owners, contested };
}
