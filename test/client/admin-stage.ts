/** What the admin's tests stand on: an admin, topics with records, and a member of a group that waits. */
import { inspect } from 'node:util';

import {
  Admin,
  Cluster,
  clientKeys,
  type NewTopic,
  nodeClientHost,
  readOptions,
  type TopicPartition,
} from '@millrace/client';
import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  encodeBatch,
  encodeVersioned,
  zeroUuid,
} from '@millrace/protocol';

import { openTarget, type Target, uniqueName } from './target.ts';

export class AdminStage implements AsyncDisposable {
  readonly target: Target;
  readonly admin: Admin;
  readonly cluster: Cluster;

  static async open(): Promise<AdminStage> {
    return new AdminStage(await openTarget());
  }

  private constructor(target: Target) {
    this.target = target;
    const servers = { 'bootstrap.servers': target.bootstrap };
    this.admin = new Admin(servers);
    this.cluster = new Cluster({ host: nodeClientHost(), config: readOptions(clientKeys, servers) });
  }

  get isKafka(): boolean {
    return this.target.kind === 'kafka';
  }

  /** A topic that every broker knows and whose partitions have leaders. */
  async topic(prefix: string, numPartitions = 1, more: Partial<NewTopic> = {}): Promise<string> {
    const name = uniqueName(prefix);
    await this.admin.createTopics([{ name, numPartitions, replicationFactor: this.target.brokers, ...more }]);
    const ends = Array.from({ length: numPartitions }, (_, partition) => ({
      topic: name,
      partition,
      at: 'latest' as const,
    }));
    await this.admin.listOffsets(ends);
    await this.everywhere(name);
    return name;
  }

  /** Brokers hear of a new topic one by one. */
  async everywhere(name: string): Promise<void> {
    const { cluster } = this;
    await cluster.metadata.topicReady(name, cluster.deadline());
    const request = { topics: [{ topicId: zeroUuid, name }], allowAutoTopicCreation: false };
    for (const id of cluster.metadata.nodes.keys())
      await this.until(
        () => cluster.request(id, 'metadata', request),
        ({ topics }) => topics[0]?.errorCode === 0,
      );
  }

  /** Asks again until the answer is as wanted: brokers hear of changes one by one. */
  async until<T>(ask: () => Promise<T>, isWanted: (found: T) => boolean): Promise<T> {
    const deadlineMs = this.cluster.deadline(20_000);
    for (;;) {
      const found = await ask();
      if (isWanted(found)) return found;
      if (this.cluster.host.clock.monotonic() > deadlineMs)
        throw new Error(`after 20 seconds there is still only ${inspect(found, { depth: 5 })}`);
    }
  }

  /** Batches of one record each, of the times given. */
  async produce({ topic, partition }: TopicPartition, timestamps: readonly number[]): Promise<void> {
    const { cluster } = this;
    const { topicId, partitions } = await cluster.metadata.topicReady(topic, cluster.deadline());
    for (const timestamp of timestamps) {
      const records = encodeBatch([{ timestamp, key: null, value: Buffer.from('v') }]);
      const { responses } = await cluster.request(partitions[partition]!.leaderId, 'produce', {
        transactionalId: null,
        acks: -1,
        timeoutMs: 30_000,
        topicData: [{ name: topic, topicId, partitionData: [{ index: partition, records }] }],
      });
      const { errorCode } = responses[0]!.partitionResponses[0]!;
      if (errorCode !== 0) throw new Error(`produce was answered with ${errorCode}`);
    }
  }

  /** Joins as the only member of a classic group, and takes the partitions given. */
  async join(groupId: string, topic: string, partitions: readonly number[], groupInstanceId: string | null = null) {
    const { cluster } = this;
    const coordinator = { type: 'group', key: groupId } as const;
    const metadata = encodeVersioned(consumerProtocolSubscription, 1, { topics: [topic], ownedPartitions: [] });
    const ask = async (memberId: string) =>
      await cluster.request(coordinator, 'joinGroup', {
        groupId,
        sessionTimeoutMs: 45_000,
        rebalanceTimeoutMs: 60_000,
        memberId,
        groupInstanceId,
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata }],
        reason: null,
      });
    const joined = await cluster.retry(cluster.deadline(), async () => {
      const first = await ask('');
      return first.memberId !== '' && first.errorCode !== 0 ? await ask(first.memberId) : first;
    });
    if (joined.errorCode !== 0) throw new Error(`joining was answered with ${joined.errorCode}`);
    const assignment = encodeVersioned(consumerProtocolAssignment, 1, { assignedPartitions: [{ topic, partitions }] });
    const { memberId, generationId } = joined;
    await cluster.request(coordinator, 'syncGroup', {
      groupId,
      generationId,
      memberId,
      groupInstanceId,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments: [{ memberId, assignment }],
    });
    return memberId;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.admin.close();
    await this.cluster.close();
    await this.target[Symbol.asyncDispose]();
  }
}
