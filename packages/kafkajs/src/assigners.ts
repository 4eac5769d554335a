/** Who reads which partition, as the leader of a group decides it. */
import { AssignerProtocol } from './assigner-protocol.ts';
import type { Assignment, PartitionAssigner } from './types/consumer.ts';

const { MemberAssignment, MemberMetadata } = AssignerProtocol;

/** Deals all partitions of all topics out, one to each member in turn. */
const roundRobin: PartitionAssigner = ({ cluster }) => ({
  name: 'RoundRobinAssigner',
  version: 0,
  async assign({ members, topics }) {
    const ids = members.map(({ memberId }) => memberId).sort();
    const shares = new Map<string, Assignment>();
    let turn = 0;
    for (const topic of topics) {
      for (const { partitionId } of cluster.findTopicPartitionMetadata(topic)) {
        const id = ids[turn++ % ids.length]!;
        const share = shares.get(id) ?? (Object.create(null) as Assignment);
        shares.set(id, share);
        (share[topic] ??= []).push(partitionId);
      }
    }
    const { version } = this;
    return [...shares].map(([memberId, assignment]) => ({
      memberId,
      memberAssignment: MemberAssignment.encode({ version, assignment, userData: Buffer.alloc(0) }),
    }));
  },
  protocol({ topics }) {
    const { name, version } = this;
    return { name, metadata: MemberMetadata.encode({ version, topics, userData: Buffer.alloc(0) }) };
  },
});

export const PartitionAssigners: { roundRobin: PartitionAssigner } = { roundRobin };
