/** All partitions of all topics, one after another, to the next member that reads the topic. Equal to Kafka's RoundRobinAssignor. */
import {
  type AssignableGroup,
  type Assignor,
  assignmentsOf,
  compareTexts,
  type Draft,
  emptyDraft,
  sortedMembers,
} from './assignor.ts';

export function roundRobinAssignor(): Assignor {
  return { name: 'roundrobin', protocols: ['eager'], assign: (group) => assignmentsOf(assignRoundRobin(group)) };
}

function assignRoundRobin(group: AssignableGroup): Draft {
  const draft = emptyDraft(group);
  const ring = sortedMembers(group);
  const topicsOf = new Map([...group.members].map(([id, { topics }]) => [id, new Set(topics)]));
  let next = 0;
  for (const topic of [...group.topics.keys()].sort(compareTexts)) {
    const { partitionCount } = group.topics.get(topic)!;
    if (!ring.some((id) => topicsOf.get(id)!.has(topic))) continue;
    for (let partition = 0; partition < partitionCount; partition++) {
      while (!topicsOf.get(ring[next]!)!.has(topic)) next = (next + 1) % ring.length;
      draft.get(ring[next]!)!.push({ topic, partition });
      next = (next + 1) % ring.length;
    }
  }
  return draft;
}
