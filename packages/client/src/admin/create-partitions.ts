import type { Cluster } from '../cluster/cluster.ts';
import { Call, type CallOptions } from './call.ts';
import { runErrand } from './errand.ts';
import { quotaRoute, type QuotaOptions } from './quota-route.ts';
import { toController } from './routes.ts';

export interface NewPartitions {
  readonly topic: string;
  /** How many there are to be, those that are there included. */
  readonly totalCount: number;
  /** The brokers of each new partition, its preferred leader first. Left out: the controller chooses. */
  readonly newAssignments?: readonly (readonly number[])[] | undefined;
}

export interface CreatePartitionsOptions extends CallOptions, QuotaOptions {
  readonly validateOnly?: boolean | undefined;
}

export async function createPartitions(
  cluster: Cluster,
  topics: readonly NewPartitions[],
  options: CreatePartitionsOptions,
): Promise<void> {
  await Call.run(cluster, 'Creating partitions', options, (call) =>
    runErrand<NewPartitions, true>(call, topics, {
      nameOf: ({ topic }) => topic,
      what: ({ topic, totalCount }) => `Raising topic "${topic}" to ${totalCount} partitions`,
      route: quotaRoute(toController, options),
      async ask(target, share, fates) {
        const { throttleTimeMs, results } = await call.request(target, 'createPartitions', {
          topics: share.map(({ topic, totalCount, newAssignments }) => ({
            name: topic,
            count: totalCount,
            assignments: newAssignments?.map((brokerIds) => ({ brokerIds })) ?? null,
          })),
          timeoutMs: call.brokerTimeoutMs,
          validateOnly: options.validateOnly ?? false,
        });
        fates.throttleMs = throttleTimeMs;
        for (const { name, errorCode, errorMessage } of results) fates.take(name, errorCode, errorMessage, () => true);
      },
    }),
  );
}
