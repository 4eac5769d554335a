/** A broker, a client, and the few calls that tests of topics, their settings and their records have in common. */
import assert from 'node:assert/strict';

import type { Logger } from '@millrace/base';
import {
  decodeBatch,
  encodeBatch,
  errorName,
  splitBatches,
  type BatchInput,
  type RecordInput,
  type Response,
} from '@millrace/protocol';

import { startBroker, type TestBroker } from './start-broker.ts';
import { WireClient } from './wire-client.ts';

/** What the APIs of settings call a topic. */
export const topicResource = 2;

type PartitionProduced = Response<'produce'>['responses'][number]['partitionResponses'][number];
type PartitionFetched = Response<'fetch'>['responses'][number]['partitions'][number];

interface FetchLimits {
  readonly maxWaitMs?: number;
  readonly partitionMaxBytes?: number;
  readonly isolationLevel?: number;
  readonly currentLeaderEpoch?: number;
  readonly sessionId?: number;
  readonly sessionEpoch?: number;
}

export class TopicStage implements AsyncDisposable {
  readonly broker: TestBroker;
  readonly client: WireClient;

  private constructor(broker: TestBroker, client: WireClient) {
    this.broker = broker;
    this.client = client;
  }

  static async open(properties: Readonly<Record<string, string>> = {}, log?: Logger): Promise<TopicStage> {
    const broker = await startBroker(properties, log);
    return new TopicStage(broker, await WireClient.connect(broker.bootstrap));
  }

  async topic(name: string, settings: Readonly<Record<string, string>> = {}, numPartitions = 1): Promise<string> {
    const configs = Object.entries(settings).map(([key, value]) => ({ name: key, value }));
    const { topics } = await this.client.send('createTopics', 7, {
      topics: [{ name, numPartitions, replicationFactor: 1, assignments: [], configs }],
    });
    assert.equal(errorName(topics[0]?.errorCode ?? -1), 'NONE');
    return topics[0]?.topicId ?? '';
  }

  async produce(topic: string, records: readonly RecordInput[], batch: BatchInput = {}): Promise<PartitionProduced> {
    const partitionData = [{ index: 0, records: encodeBatch(records, batch) }];
    const answer = await this.client.send('produce', 9, {
      acks: -1,
      timeoutMs: 5000,
      topicData: [{ name: topic, partitionData }],
    });
    return answer.responses[0]?.partitionResponses[0] as PartitionProduced;
  }

  async fetch(topic: string, fetchOffset: number, limits: FetchLimits = {}): Promise<PartitionFetched> {
    const { responses } = await this.client.send('fetch', 12, fetchRequest(topic, fetchOffset, limits));
    return responses[0]?.partitions[0] as PartitionFetched;
  }

  async offsetAt(
    topic: string,
    timestamp: number,
    version = 11,
  ): Promise<readonly [error: string, offset: number, timestamp: number]> {
    const answer = await this.client.send('listOffsets', version, {
      replicaId: -1,
      topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp }] }],
    });
    const found = answer.topics[0]?.partitions[0];
    return [errorName(found?.errorCode ?? -1), found?.offset ?? 0, found?.timestamp ?? 0];
  }

  async setting(topic: string, name: string): Promise<string | null | undefined> {
    const { results } = await this.client.send('describeConfigs', 4, {
      resources: [{ resourceType: topicResource, resourceName: topic, configurationKeys: [name] }],
    });
    return results[0]?.configs[0]?.value;
  }

  async alter(topic: string, name: string, configOperation: number, value: string | null): Promise<string> {
    const { responses } = await this.client.send('incrementalAlterConfigs', 1, {
      resources: [{ resourceType: topicResource, resourceName: topic, configs: [{ name, configOperation, value }] }],
      validateOnly: false,
    });
    return errorName(responses[0]?.errorCode ?? -1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    await this.broker.stop();
  }
}

export function fetchRequest(topic: string, fetchOffset: number, limits: FetchLimits = {}) {
  const {
    maxWaitMs = 0,
    partitionMaxBytes = 1 << 20,
    isolationLevel = 0,
    currentLeaderEpoch = -1,
    sessionId = 0,
    sessionEpoch = -1,
  } = limits;
  return {
    maxWaitMs,
    minBytes: 1,
    maxBytes: 1 << 20,
    isolationLevel,
    sessionId,
    sessionEpoch,
    topics: [{ topic, partitions: [{ partition: 0, currentLeaderEpoch, fetchOffset, partitionMaxBytes }] }],
    forgottenTopicsData: [],
  };
}

export function record(value: string, timestamp = 1000, key: string | null = 'k'): RecordInput {
  return { key: key === null ? null : Buffer.from(key), value: Buffer.from(value), timestamp };
}

export function offsetsIn({ records }: PartitionFetched): number[] {
  const bytes = records ?? Buffer.alloc(0);
  return splitBatches(bytes).spans.flatMap(({ at }) =>
    [...decodeBatch(bytes, at, 1 << 20)].map(({ offset }) => offset),
  );
}
