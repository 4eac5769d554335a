/** What a program does on a cluster of three brokers, and what it sees there: in words that must be the same with kafkajs and with the door. */
import { setTimeout as sleep } from 'node:timers/promises';

import type kafkajs from 'kafkajs';
import type { Consumer, Kafka } from 'kafkajs';

import { show } from '../application/stage.ts';

export type Library = typeof kafkajs;

const patienceMs = 60_000;

export class Story {
  readonly library: Library;
  readonly kafka: Kafka;
  /** Ending of every name. */
  readonly run: string;
  readonly lines: string[] = [];

  constructor(library: Library, run: string, bootstrap: string) {
    this.library = library;
    this.run = run;
    this.kafka = new library.Kafka({
      brokers: bootstrap.split(','),
      clientId: 'story',
      logLevel: library.logLevel.NOTHING,
    });
  }

  say(what: string, value: unknown): void {
    this.lines.push(`${what}: ${show(value)}`.replaceAll(this.run, ''));
  }

  async fails(what: string, call: () => Promise<unknown>): Promise<void> {
    try {
      this.say(`${what} succeeds`, await call());
    } catch (error) {
      this.say(`${what} fails`, error);
    }
  }

  name(prefix: string): string {
    return `${prefix}${this.run}`;
  }

  async until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    for (const endMs = Date.now() + patienceMs; Date.now() < endMs;) {
      if (await holds()) return;
      await sleep(20);
    }
    throw new Error(`not in time: ${what}`);
  }
}

/** Partition n is led by broker n % 3 + 1, and all three have it. */
const spread = (count: number) =>
  Array.from({ length: count }, (_, partition) => ({
    partition,
    replicas: [0, 1, 2].map((more) => ((partition + more) % 3) + 1),
  }));

export async function topics(story: Story): Promise<void> {
  const admin = story.kafka.admin();
  await admin.connect();
  const { brokers, controller, clusterId } = await admin.describeCluster();
  story.say('cluster', {
    brokers: brokers.map(({ nodeId }) => nodeId).sort((a, b) => a - b),
    controller: typeof controller,
    clusterId,
  });
  const topic = story.name('spread');
  story.say('made', await admin.createTopics({ topics: [{ topic, replicaAssignment: spread(6) }] }));
  story.say('made again', await admin.createTopics({ topics: [{ topic, replicaAssignment: spread(6) }] }));
  const described = await admin.fetchTopicMetadata({ topics: [topic] });
  const partitions = described.topics[0]!.partitions.sort((a, b) => a.partitionId - b.partitionId);
  story.say(
    'partitions',
    partitions.map(({ isr, ...partition }) => ({ ...partition, isr: isr.toSorted((a, b) => a - b) })),
  );
  const producer = story.kafka.producer({ createPartitioner: story.library.Partitioners.DefaultPartitioner });
  await producer.connect();
  const messages = Array.from({ length: 30 }, (_, n) => ({ key: `k${n}`, value: `${n}` }));
  story.say('sent', sorted(await producer.send({ topic, messages, acks: -1 })));
  const one = Array.from({ length: 6 }, (_, partition) => ({ value: 'x', partition }));
  story.say('sent to each', sorted(await producer.send({ topic, messages: one, acks: -1 })));
  await producer.disconnect();
  story.say('offsets', byPartition(await admin.fetchTopicOffsets(topic)));
  story.say('offsets at a time', byPartition(await admin.fetchTopicOffsetsByTimestamp(topic, 0)));
  await admin.deleteTopicRecords({ topic, partitions: [0, 1, 2].map((partition) => ({ partition, offset: '1' })) });
  story.say('offsets after', byPartition(await admin.fetchTopicOffsets(topic)));
  await story.fails('records of a partition that is not there', () =>
    admin.deleteTopicRecords({ topic, partitions: [{ partition: 9, offset: '1' }] }),
  );
  await settings(story, topic);
  await reassignments(story, topic);
  await admin.disconnect();
}

async function settings(story: Story, topic: string): Promise<void> {
  const { ConfigResourceTypes } = story.library;
  const admin = story.kafka.admin();
  await admin.connect();
  const resources = [
    { type: ConfigResourceTypes.BROKER, name: '2', configNames: ['node.id', 'log.retention.ms'] },
    { type: ConfigResourceTypes.BROKER, name: '3', configNames: ['node.id'] },
    { type: ConfigResourceTypes.TOPIC, name: topic, configNames: ['retention.ms'] },
  ];
  const found = async () => {
    const answer = await admin.describeConfigs({ includeSynonyms: false, resources });
    return answer.resources
      .map(({ resourceName, configEntries }) => ({
        resourceName,
        entries: configEntries.map(({ configName, configValue }) => `${configName}=${configValue}`).sort(),
      }))
      .sort((a, b) => (a.resourceName < b.resourceName ? -1 : 1));
  };
  story.say('settings', await found());
  await admin.alterConfigs({
    validateOnly: false,
    resources: [
      { type: ConfigResourceTypes.TOPIC, name: topic, configEntries: [{ name: 'retention.ms', value: '7200000' }] },
    ],
  });
  await story.until('the setting is there', async () =>
    (await found()).some(({ entries }) => entries.includes('retention.ms=7200000')),
  );
  await story.fails('settings of a broker that is not there', () =>
    admin.describeConfigs({ includeSynonyms: false, resources: [{ type: ConfigResourceTypes.BROKER, name: '9' }] }),
  );
  await admin.disconnect();
}

async function reassignments(story: Story, topic: string): Promise<void> {
  const admin = story.kafka.admin();
  await admin.connect();
  const move = (partition: number, replicas: number[]) =>
    admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment: [{ partition, replicas }] }] });
  story.say('moved', await move(0, [2, 3]));
  const moving = () => admin.listPartitionReassignments({ topics: [{ topic, partitions: [0] }] });
  await story.until('it is moved', async () => (await moving()).topics.length === 0);
  story.say('moving', await admin.listPartitionReassignments({}));
  await story.until('it is known', async () => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const [first] = topics[0]!.partitions.filter(({ partitionId }) => partitionId === 0);
    return show(first?.replicas) === '[2, 3]' && first?.leader === 2;
  });
  await story.fails('a replica on a broker that is not there', () => move(1, [1, 9]));
  await story.fails('a partition that is not there', () => move(17, [1, 2]));
  await admin.disconnect();
}

export async function groups(story: Story): Promise<void> {
  const topic = await filled(story, 'shared', 60);
  const groupId = story.name('members');
  const read = new Set<string>();
  const shares = new Map<number, unknown>();
  const members = await Promise.all(
    [0, 1, 2].map(async (index) => {
      const consumer = story.kafka.consumer({ groupId, heartbeatInterval: 300, maxWaitTimeInMs: 100 });
      consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => void shares.set(index, payload.memberAssignment[topic]));
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      await consumer.run({ eachMessage: async ({ message }) => void read.add(message.value?.toString() ?? '') });
      return consumer;
    }),
  );
  const even = () => [...shares.values()].every((share) => Array.isArray(share) && share.length === 2);
  await story.until('the partitions are shared out', () => shares.size === 3 && even());
  await story.until('all is read', () => read.size === 60);
  const described = await members[0]!.describeGroup();
  story.say('group', { ...described, members: described.members.length });
  await members[0]!.disconnect();
  await members[1]!.disconnect();
  await story.until('one has all', () => Array.isArray(shares.get(2)) && (shares.get(2) as unknown[]).length === 6);
  await members[2]!.disconnect();
  await manyGroups(story, topic);
}

/** So many that each broker coordinates some. */
async function manyGroups(story: Story, topic: string): Promise<void> {
  const admin = story.kafka.admin();
  await admin.connect();
  const ids = Array.from({ length: 8 }, (_, n) => story.name(`group-${n}`));
  for (const groupId of ids)
    await admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: `${ids.indexOf(groupId)}` }] });
  const listed = new Set((await admin.listGroups()).groups.map(({ groupId }) => groupId));
  story.say(
    'listed',
    ids.filter((id) => listed.has(id)),
  );
  const { groups } = await admin.describeGroups(ids);
  story.say('described', groups.map(({ groupId, state, members }) => show({ groupId, state, members })).sort());
  const offsets = await Promise.all(ids.map((groupId) => admin.fetchOffsets({ groupId, topics: [topic] })));
  story.say(
    'offsets',
    offsets.map(([found]) => found?.partitions.find(({ partition }) => partition === 0)),
  );
  story.say('deleted', (await admin.deleteGroups(ids.slice(1))).map(({ groupId }) => groupId).sort());
  await story.fails('deleting one of them again', () => admin.deleteGroups([ids[0]!, ids[1]!]));
  await admin.disconnect();
}

export async function transactions(story: Story): Promise<void> {
  const [source, target] = [await filled(story, 'source', 12), await filled(story, 'target', 0)];
  const groupId = story.name('worker');
  const producers = await Promise.all(
    Array.from({ length: 4 }, async (_, n) => {
      const producer = story.kafka.producer({
        createPartitioner: story.library.Partitioners.DefaultPartitioner,
        transactionalId: story.name(`transactions-${n}`),
        idempotent: true,
        maxInFlightRequests: 1,
      });
      await producer.connect();
      return producer;
    }),
  );
  for (const [n, producer] of producers.entries()) {
    for (const isKept of [true, false, true]) {
      const transaction = await producer.transaction();
      const messages = Array.from({ length: 6 }, (_, partition) => ({ value: `${n} ${isKept}`, partition }));
      await transaction.send({ topic: target, messages });
      const partitions = [{ partition: n, offset: `${n + 1}` }];
      await transaction.sendOffsets({ consumerGroupId: groupId, topics: [{ topic: source, partitions }] });
      await (isKept ? transaction.commit() : transaction.abort());
    }
  }
  await Promise.all(producers.map((producer) => producer.disconnect()));
  const read: string[] = [];
  const consumer = story.kafka.consumer({ groupId: story.name('reader'), maxWaitTimeInMs: 100 });
  await readAll(story, consumer, target, read, 48);
  story.say('read', read.sort());
  const admin = story.kafka.admin();
  await admin.connect();
  const [found] = await admin.fetchOffsets({ groupId, topics: [source] });
  story.say('offsets', byPartition(found!.partitions));
  await admin.disconnect();
}

async function readAll(story: Story, consumer: Consumer, topic: string, read: string[], count: number): Promise<void> {
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message }) => void read.push(message.value?.toString() ?? '') });
  await story.until('all is read', () => read.length >= count);
  await consumer.disconnect();
}

/** A topic of six partitions, two on each broker. */
export async function filled(story: Story, prefix: string, count: number): Promise<string> {
  const topic = story.name(prefix);
  const admin = story.kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, replicaAssignment: spread(6) }] });
  await admin.disconnect();
  const producer = story.kafka.producer({ createPartitioner: story.library.Partitioners.DefaultPartitioner });
  await producer.connect();
  const messages = Array.from({ length: count }, (_, n) => ({ value: `${n}`, partition: n % 6 }));
  if (count > 0) await producer.send({ topic, messages });
  await producer.disconnect();
  return topic;
}

function sorted(results: { partition: number }[]): unknown[] {
  return byPartition(results).map((result) => ({ ...result, logAppendTime: undefined }));
}

function byPartition<T extends { partition: number }>(list: T[]): T[] {
  return [...list].sort((a, b) => a.partition - b.partition);
}
