import { zeroUuid } from '@millrace/protocol';

import type { Cluster } from '../cluster/cluster.ts';
import { Call, type CallOptions } from './call.ts';
import { runErrand } from './errand.ts';
import { quotaRoute, type QuotaOptions } from './quota-route.ts';
import { toController } from './routes.ts';

/** A topic by its name, or by its id. */
export type TopicReference = string | { readonly topicId: string };

export interface DeleteTopicsOptions extends CallOptions, QuotaOptions {}

export function nameOfTopic(topic: TopicReference): string {
  return typeof topic === 'string' ? topic : topic.topicId;
}

/** Names and ids go in requests of their own: a broker before 2.8 knows no ids. */
export async function deleteTopics(
  cluster: Cluster,
  topics: readonly TopicReference[],
  options: DeleteTopicsOptions,
): Promise<void> {
  await Call.run(cluster, 'Deleting topics', options, (call) =>
    runErrand<TopicReference, true>(call, topics, {
      nameOf: nameOfTopic,
      what: (topic) => `Deleting topic "${nameOfTopic(topic)}"`,
      route: quotaRoute(toController, options),
      async ask(target, share, fates) {
        const names = share.filter((topic) => typeof topic === 'string');
        const ids = share.filter((topic) => typeof topic !== 'string').map(({ topicId }) => topicId);
        const take = async (request: typeof names, isById: boolean): Promise<void> => {
          if (request.length === 0) return;
          const timeoutMs = call.brokerTimeoutMs;
          const answer = await call.request(target, 'deleteTopics', (version) =>
            version < 6 && !isById
              ? { topicNames: request, timeoutMs }
              : {
                  topics: request.map((topic) =>
                    isById ? { name: null, topicId: topic } : { name: topic, topicId: zeroUuid },
                  ),
                  timeoutMs,
                },
          );
          fates.throttleMs = Math.max(fates.throttleMs, answer.throttleTimeMs);
          for (const { name, topicId, errorCode, errorMessage } of answer.responses)
            fates.take(isById ? topicId : (name ?? ''), errorCode, errorMessage, () => true);
        };
        await take(names, false);
        await take(ids, true);
      },
    }),
  );
}
