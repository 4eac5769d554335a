import type { Cluster } from '../cluster/cluster.ts';
import { Call, type CallOptions } from './call.ts';
import { type ConfigEntry, type ConfigsInput, configEntryOf, configsOf } from './config-entry.ts';
import { runErrand } from './errand.ts';
import { quotaRoute, type QuotaOptions } from './quota-route.ts';
import { toController } from './routes.ts';

export interface NewTopic {
  readonly name: string;
  /** Left out: as the broker is set (`num.partitions`), or as `assignments` says. */
  readonly numPartitions?: number | undefined;
  /** Left out: as the broker is set (`default.replication.factor`), or as `assignments` says. */
  readonly replicationFactor?: number | undefined;
  /** The brokers of each partition, its preferred leader first; partition 0 first. */
  readonly assignments?: readonly (readonly number[])[] | undefined;
  readonly configs?: ConfigsInput | undefined;
}

export interface CreateTopicsOptions extends CallOptions, QuotaOptions {
  /** Only looks whether they could be made. */
  readonly validateOnly?: boolean | undefined;
}

/** What was made. A broker before 2.4, or one that may not tell, leaves out all but the name: then numbers are -1, texts and lists empty. */
export interface CreatedTopic {
  readonly name: string;
  readonly topicId: string;
  readonly numPartitions: number;
  readonly replicationFactor: number;
  readonly configs: readonly ConfigEntry[];
}

export function createTopics(
  cluster: Cluster,
  topics: readonly (string | NewTopic)[],
  options: CreateTopicsOptions,
): Promise<CreatedTopic[]> {
  const wanted = topics.map((topic): NewTopic => (typeof topic === 'string' ? { name: topic } : topic));
  return Call.run(cluster, 'Creating topics', options, (call) =>
    runErrand<NewTopic, CreatedTopic>(call, wanted, {
      nameOf: ({ name }) => name,
      what: ({ name }) => `Creating topic "${name}"`,
      route: quotaRoute(toController, options),
      async ask(target, share, fates) {
        const answer = await call.request(target, 'createTopics', {
          topics: share.map(wireTopic),
          timeoutMs: call.brokerTimeoutMs,
          validateOnly: options.validateOnly ?? false,
        });
        fates.throttleMs = answer.throttleTimeMs;
        for (const {
          name,
          topicId,
          errorCode,
          errorMessage,
          numPartitions,
          replicationFactor,
          configs,
        } of answer.topics)
          fates.take(name, errorCode, errorMessage, () => ({
            name,
            topicId,
            numPartitions,
            replicationFactor,
            configs: (configs ?? []).map((entry) => configEntryOf(entry)),
          }));
      },
    }),
  );
}

function wireTopic({ name, numPartitions, replicationFactor, assignments, configs }: NewTopic) {
  return {
    name,
    numPartitions: numPartitions ?? -1,
    replicationFactor: replicationFactor ?? -1,
    assignments: (assignments ?? []).map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
    configs: configsOf(configs ?? {}),
  };
}
