import type { Cluster } from '../cluster/cluster.ts';
import { ClientError } from '../error.ts';
import type { TopicPartition } from '../record.ts';
import { Call, type CallOptions } from './call.ts';
import { runErrand } from './errand.ts';
import { byTopic } from './partition-groups.ts';
import { nameOfPartition, toLeaders } from './routes.ts';

/** What stands for the place in the request, and the version since which brokers know it. */
const places = {
  latest: { timestamp: -1, since: 1 },
  earliest: { timestamp: -2, since: 1 },
  maxTimestamp: { timestamp: -3, since: 7 },
  earliestLocal: { timestamp: -4, since: 8 },
  latestTiered: { timestamp: -5, since: 9 },
  earliestPendingUpload: { timestamp: -6, since: 11 },
} as const;

/** A named place, or a time: of the first record that is not older. */
export type OffsetSpec = keyof typeof places | number | Date;

export interface OffsetLookup extends TopicPartition {
  readonly at: OffsetSpec;
}

export interface ListOffsetsOptions extends CallOptions {
  /** With `read_committed`, `latest` is the last stable offset. */
  readonly isolationLevel?: 'read_uncommitted' | 'read_committed' | undefined;
}

export interface FoundOffset extends TopicPartition {
  /** -1n where there is none: no record is so young, nothing is tiered. */
  readonly offset: bigint;
  /** Of the record there; -1 where the broker does not tell. */
  readonly timestamp: number;
  readonly leaderEpoch: number | undefined;
}

export function listOffsets(
  cluster: Cluster,
  queries: readonly OffsetLookup[],
  options: ListOffsetsOptions,
): Promise<FoundOffset[]> {
  return Call.run(cluster, 'Listing offsets', options, (call) =>
    runErrand<OffsetLookup, FoundOffset>(call, queries, {
      nameOf: nameOfPartition,
      what: (query) => `Listing the offset of ${nameOfPartition(query)} at ${textOf(query.at)}`,
      route: toLeaders,
      async ask(target, share, fates) {
        const { topics } = await call.request(target, 'listOffsets', (version) => {
          const known = share.filter(({ at }) => typeof at !== 'string' || version >= places[at].since);
          for (const query of share)
            if (!known.includes(query)) fates.failures.set(nameOfPartition(query), tooNew(query, version));
          if (known.length === 0) throw tooNew(share[0]!, version);
          return {
            replicaId: -1,
            ...(options.isolationLevel === 'read_committed' ? { isolationLevel: 1 } : {}),
            topics: byTopic(known).map(([name, items]) => ({
              name,
              partitions: items.map(({ partition, at }) => ({ partitionIndex: partition, timestamp: timestampOf(at) })),
            })),
            timeoutMs: call.brokerTimeoutMs,
          };
        });
        for (const { name: topic, partitions } of topics)
          for (const { partitionIndex: partition, errorCode, offset, timestamp, leaderEpoch } of partitions)
            fates.take(nameOfPartition({ topic, partition }), errorCode, null, () => ({
              topic,
              partition,
              offset,
              timestamp,
              leaderEpoch: leaderEpoch < 0 ? undefined : leaderEpoch,
            }));
      },
    }),
  );
}

const timestampOf = (at: OffsetSpec): number => (typeof at === 'string' ? places[at].timestamp : Number(at));

const textOf = (at: OffsetSpec): string => (at instanceof Date ? at.toISOString() : `${at}`);

/** To an older broker the number of a place that it does not know is a time. */
function tooNew(query: OffsetLookup, version: number): ClientError {
  const leader = `The leader of ${nameOfPartition(query)} has ListOffsets up to version ${version}`;
  const since = typeof query.at === 'string' ? places[query.at].since : 1;
  return new ClientError('UNSUPPORTED', `${leader}; "${textOf(query.at)}" came with version ${since}.`);
}
