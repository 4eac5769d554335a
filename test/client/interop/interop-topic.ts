import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';

/** Made by a client that is not under test. */
export async function createTopic(
  bootstrap: string,
  topic: string,
  { partitions, settings = {} }: { partitions: number; settings?: Record<string, string> },
): Promise<void> {
  const admin = new kafkajs.Kafka({ brokers: [bootstrap], logLevel: kafkajs.logLevel.ERROR }).admin();
  await admin.connect();
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
  await admin.createTopics({
    topics: [{ topic, numPartitions: partitions, replicationFactor: 1, configEntries }],
    waitForLeaders: true,
  });
  await admin.disconnect();
  // Apache Kafka answers before its own metadata follows.
  await sleep(300);
}
