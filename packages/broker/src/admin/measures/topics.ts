/** What is counted by topic. As Kafka does, there is also a sum without a topic. */
import type { TopicCounters } from '../../metrics.ts';
import type { Measure } from '../measure.ts';

function perTopic(help: string, key: keyof TopicCounters): Measure {
  return {
    type: 'counter',
    help,
    labels: ['topic'],
    *samples({ doors: { metrics } }) {
      yield { labels: [], value: metrics.allTopics[key] };
      for (const [topic, counters] of metrics.topics) yield { labels: [topic], value: counters[key] };
    },
  };
}

export const topicMeasures = {
  messagesIn: perTopic('Records received', 'messagesIn'),
  bytesIn: perTopic('Bytes received', 'bytesIn'),
  bytesOut: perTopic('Bytes sent to consumers', 'bytesOut'),
  produceRequests: perTopic('Produce requests', 'produceRequests'),
  fetchRequests: perTopic('Fetch requests', 'fetchRequests'),
  failedProduceRequests: perTopic('Produce requests that failed', 'failedProduceRequests'),
  failedFetchRequests: perTopic('Fetch requests that failed', 'failedFetchRequests'),
  partitions: {
    type: 'gauge',
    help: 'Partitions of the topic',
    labels: ['topic'],
    *samples({ doors: { image } }) {
      for (const { name, partitions } of image.topics()) yield { labels: [name], value: partitions.length };
    },
  },
} as const satisfies Record<string, Measure>;
