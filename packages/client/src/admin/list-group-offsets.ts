import { type ExactResponse } from '@millrace/protocol';

import type { Cluster, Target } from '../cluster/cluster.ts';
import { answerError } from '../error.ts';
import type { TopicPartition, TopicPartitionOffset } from '../record.ts';
import { Call, type CallOptions } from './call.ts';
import { runErrand } from './errand.ts';
import { toCoordinators, nameOfPartition } from './routes.ts';
import { byTopic } from './partition-groups.ts';

export interface GroupOffsetsQuery {
  readonly groupId: string;
  /** All that have offsets when left out. */
  readonly partitions?: readonly TopicPartition[] | undefined;
}

export interface ListGroupOffsetsOptions extends CallOptions {
  /** Waits until no transaction over these offsets is open. */
  readonly requireStable?: boolean | undefined;
}

export interface GroupOffsets {
  readonly groupId: string;
  /** Of the partitions that have one. */
  readonly offsets: readonly TopicPartitionOffset[];
}

/** Version 10 names topics by ids, which a topic that is gone has no more. */
const versionMax = 9;
const unstable: ReadonlySet<string> = new Set(['UNSTABLE_OFFSET_COMMIT']);

/** Groups of one coordinator go in one request where brokers can do that (version 8). */
export function listGroupOffsets(
  cluster: Cluster,
  groups: readonly (string | GroupOffsetsQuery)[],
  options: ListGroupOffsetsOptions,
): Promise<GroupOffsets[]> {
  const queries = groups.map((group): GroupOffsetsQuery => (typeof group === 'string' ? { groupId: group } : group));
  return Call.run(cluster, 'Listing group offsets', options, (call) =>
    runErrand<GroupOffsetsQuery, GroupOffsets>(call, queries, {
      nameOf: ({ groupId }) => groupId,
      what: ({ groupId }) => `Listing the offsets of group "${groupId}"`,
      route: toCoordinators('group', ({ groupId }) => groupId),
      passing: unstable,
      async ask(target, share, fates) {
        for (const { groupId, errorCode, topics } of await offsetsOf(call, target, share, options)) {
          const faults = topics.flatMap(({ name: topic, partitions }) =>
            partitions
              .filter((partition) => partition.errorCode !== 0)
              .map(({ partitionIndex, errorCode: code }) => ({
                code,
                of: nameOfPartition({ topic, partition: partitionIndex }),
              })),
          );
          const fault = faults[0];
          if (errorCode === 0 && fault !== undefined)
            fates.failures.set(
              groupId,
              answerError(fault.code, `Listing the offset of ${fault.of} in group "${groupId}"`),
            );
          else fates.take(groupId, errorCode, null, () => ({ groupId, offsets: topics.flatMap(committedOf) }));
        }
      },
    }),
  );
}

type WireGroup = Pick<ExactResponse<'offsetFetch'>['groups'][number], 'groupId' | 'errorCode' | 'topics'>;

async function offsetsOf(
  call: Call,
  target: Target,
  queries: readonly GroupOffsetsQuery[],
  { requireStable = false }: ListGroupOffsetsOptions,
): Promise<readonly WireGroup[]> {
  const wireGroups = queries.map(({ groupId, partitions }) => ({
    groupId,
    topics:
      partitions === undefined
        ? null
        : byTopic(partitions).map(([name, items]) => ({
            name,
            partitionIndexes: items.map(({ partition }) => partition),
          })),
  }));
  let isBatched = true;
  const stable = requireStable ? { requireStable } : {};
  const answer = await call.request(
    target,
    'offsetFetch',
    (version) => {
      isBatched = version >= 8;
      return isBatched ? { groups: wireGroups, ...stable } : { ...wireGroups[0]!, ...stable };
    },
    { versionMax },
  );
  if (isBatched) return answer.groups;
  const { errorCode, topics } = answer;
  const withEpochs = topics.map((topic) => ({ ...topic, topicId: '' }));
  const first = { groupId: queries[0]!.groupId, errorCode, topics: withEpochs };
  return queries.length === 1
    ? [first]
    : [first, ...(await offsetsOf(call, target, queries.slice(1), { requireStable }))];
}

function committedOf({ name: topic, partitions }: WireGroup['topics'][number]): TopicPartitionOffset[] {
  return partitions
    .filter(({ committedOffset }) => committedOffset >= 0n)
    .map(({ partitionIndex, committedOffset, committedLeaderEpoch, metadata }) => ({
      topic,
      partition: partitionIndex,
      offset: committedOffset,
      leaderEpoch: committedLeaderEpoch < 0 ? undefined : committedLeaderEpoch,
      metadata: metadata ?? '',
    }));
}
