import type { Cluster } from '../cluster/cluster.ts';
import { Call, type CallOptions, checkAnswer } from './call.ts';

export interface ListTopicsOptions extends CallOptions {
  /** Also those of Kafka itself, such as `__consumer_offsets`. */
  readonly listInternal?: boolean | undefined;
}

export interface TopicListing {
  readonly name: string;
  readonly topicId: string;
  readonly isInternal: boolean;
}

export function listTopics(
  cluster: Cluster,
  { listInternal = false, ...options }: ListTopicsOptions,
): Promise<TopicListing[]> {
  return Call.run(cluster, 'Listing topics', options, (call) =>
    call.retry(async () => {
      const answer = await call.request('any', 'metadata', (version) => ({
        topics: version === 0 ? [] : null,
        allowAutoTopicCreation: true,
      }));
      checkAnswer(answer.errorCode, 'Listing topics');
      return answer.topics
        .filter(({ isInternal }) => listInternal || !isInternal)
        .map(({ name, topicId, isInternal }) => ({ name: name ?? '', topicId, isInternal }));
    }),
  );
}
