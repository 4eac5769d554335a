/** A coordinator under a test's thumb: every request waits until the test answers it, and time stands still until the test moves it. */
import { assert } from '@millrace/base';
import {
  apis,
  type ApiName,
  apiWithExactOffsets,
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  decodeVersioned,
  encodeRequest,
  encodeVersioned,
  errors,
  type ErrorName,
  type ExactRequestInput,
  type ExactResponse,
} from '@millrace/protocol';

import type { ClientHost } from '../../client-host.ts';
import type { RequestOptions, Target } from '../../cluster/cluster.ts';
import type { Outgoing } from '../../cluster/connection.ts';
import { Coordinators } from '../../cluster/coordinators.ts';
import { Metadata } from '../../cluster/metadata.ts';
import { ClientError, isClientError } from '../../error.ts';
import { clientKeys } from '../../options/client-keys.ts';
import { readOptions } from '../../options/read-options.ts';
import type { TopicPartition } from '../../record.ts';
import type { GroupCluster } from './member-options.ts';
import type { PartitionOwner } from './membership.ts';

export interface StageHost extends ClientHost {
  advance(byMs: number): void;
}

export class Asked<K extends ApiName = ApiName> {
  readonly name: K;
  readonly request: ExactRequestInput<K>;
  readonly options: RequestOptions;
  readonly #settle: PromiseWithResolvers<unknown>;

  constructor(name: K, request: ExactRequestInput<K>, options: RequestOptions, settle: PromiseWithResolvers<unknown>) {
    this.name = name;
    this.request = request;
    this.options = options;
    this.#settle = settle;
  }

  /** What is left out is zero, empty or null. */
  answer(response: Partial<ExactResponse<K>> = {}): void {
    this.#settle.resolve({ ...blank, ...response });
  }

  refuse(error: ErrorName): void {
    this.answer({ errorCode: errors[error] } as never);
  }

  fail(error: ClientError): void {
    this.#settle.reject(error);
  }
}

const blank = {
  throttleTimeMs: 0,
  errorCode: 0,
  errorMessage: null,
  members: [],
  topics: [],
  groups: [],
  skipAssignment: false,
  protocolType: 'consumer',
  memberId: '',
  assignment: null,
};

export class GroupStage {
  readonly cluster: GroupCluster;
  readonly host: StageHost;
  /** Groups whose coordinator was forgotten. */
  readonly forgotten: string[] = [];
  readonly #topics: Map<string, number>;
  readonly #versions = new Map<ApiName, number>();
  #waiting: Asked[] = [];

  constructor(host: StageHost, topics: Record<string, number>, config: Record<string, unknown> = {}) {
    this.host = host;
    this.#topics = new Map(Object.entries(topics));
    const values = readOptions(clientKeys, { 'bootstrap.servers': 'x:1', ...config });
    const metadata = new Metadata({
      host,
      config: { ...values, 'allow.auto.create.topics': false },
      ask: async ({ topics: asked }) => this.#metadataAnswer(asked?.map(({ name }) => name!)),
    });
    const coordinators = new Coordinators(() => Promise.reject(new Error('never asked')));
    coordinators.forget = (_type, key) => void this.forgotten.push(key);
    this.cluster = {
      host,
      config: values,
      metadata,
      coordinators,
      request: (target, name, request, options) => this.#request(target, name, request, options ?? {}),
      retry: async (deadlineMs, attempt) => {
        for (;;) {
          try {
            return await attempt();
          } catch (error) {
            if (!isClientError(error) || !error.retriable || host.clock.monotonic() >= deadlineMs) throw error;
          }
        }
      },
    };
  }

  /** The broker knows no newer version. */
  limit(name: ApiName, version: number): void {
    this.#versions.set(name, version);
  }

  /** The oldest request that nobody has answered, which must be of this API. */
  async next<K extends ApiName>(name: K): Promise<Asked<K>> {
    await this.settle();
    const asked = this.#waiting.shift();
    if (asked?.name !== name) throw new Error(`expected ${name}, got ${asked?.name ?? 'nothing'}`);
    return asked as unknown as Asked<K>;
  }

  /** Names of the requests that wait. */
  async waiting(): Promise<string[]> {
    await this.settle();
    return this.#waiting.map(({ name }) => name);
  }

  async advance(byMs: number): Promise<void> {
    await this.settle();
    this.host.advance(byMs);
    await this.settle();
  }

  /** Until nothing moves any more on its own. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** 0 partitions: the topic is gone. */
  async setTopic(name: string, partitions: number): Promise<void> {
    if (partitions === 0) this.#topics.delete(name);
    else this.#topics.set(name, partitions);
    await this.cluster.metadata.refresh();
    await this.settle();
  }

  async #request<K extends ApiName>(
    target: Target,
    name: K,
    request: Outgoing<K>,
    options: RequestOptions,
  ): Promise<ExactResponse<K>> {
    assert(typeof target === 'object' && target.key === 'g', 'members talk to the coordinator of their group');
    const newest = this.#versions.get(name) ?? apis[name].versions.until;
    const version = Math.min(newest, options.versionMax ?? newest);
    const said = typeof request === 'function' ? request(version) : request;
    encodeRequest(apiWithExactOffsets(name), version, 1, 'stage', said as never);
    const settle = Promise.withResolvers<unknown>();
    this.#waiting.push(new Asked(name, said, options, settle));
    return (await settle.promise) as ExactResponse<K>;
  }

  #metadataAnswer(names: readonly string[] | undefined): never {
    const topics = [...(names ?? this.#topics.keys())].map((name) => ({
      name,
      topicId: topicIdOf(name),
      isInternal: name.startsWith('__'),
      errorCode: this.#topics.has(name) ? errors.NONE : errors.UNKNOWN_TOPIC_OR_PARTITION,
      partitions: Array.from({ length: this.#topics.get(name) ?? 0 }, (_, partitionIndex) => ({
        partitionIndex,
        leaderId: 1,
        leaderEpoch: 0,
        replicaNodes: [1],
        isrNodes: [1],
        offlineReplicas: [],
        errorCode: 0,
      })),
    }));
    return {
      errorCode: 0,
      brokers: [{ nodeId: 1, host: 'x', port: 1, rack: null }],
      clusterId: 'c',
      controllerId: 1,
      topics,
    } as never;
  }
}

/** An id that shows the name it belongs to. */
export function topicIdOf(name: string): string {
  return Buffer.from(name.padEnd(16, '.')).toString('base64url');
}

/** Writes down what it is told; `hold` makes the next revocation wait. */
export class RecordedOwner implements PartitionOwner {
  owned: TopicPartition[] = [];
  readonly told: string[] = [];
  failure: ClientError | undefined;
  #gate: PromiseWithResolvers<void> | undefined;

  hold(): () => void {
    const gate = Promise.withResolvers<void>();
    this.#gate = gate;
    return () => gate.resolve();
  }

  async assign(partitions: readonly TopicPartition[]): Promise<void> {
    this.told.push(`assign ${textOf(partitions)}`.trim());
    this.owned.push(...partitions.map(({ topic, partition }) => ({ topic, partition })));
    await Promise.resolve();
  }

  async revoke(partitions: readonly TopicPartition[]): Promise<void> {
    this.told.push(`revoke ${textOf(partitions)}`);
    const gate = this.#gate;
    this.#gate = undefined;
    await gate?.promise;
    this.#drop(partitions);
  }

  async lose(partitions: readonly TopicPartition[]): Promise<void> {
    this.told.push(`lose ${textOf(partitions)}`);
    await Promise.resolve();
    this.#drop(partitions);
  }

  complain(error: ClientError): void {
    this.told.push(`complain ${error.code}`);
  }

  fail(error: ClientError): void {
    this.failure = error;
    this.told.push(`fail ${error.code}`);
  }

  /** What was told since the last time. */
  heard(): string[] {
    return this.told.splice(0);
  }

  #drop(partitions: readonly TopicPartition[]): void {
    const gone = new Set(textOf(partitions).split(' '));
    this.owned = this.owned.filter((owned) => !gone.has(textOf([owned])));
  }
}

const textOf = (partitions: readonly TopicPartition[]): string =>
  partitions.map(({ topic, partition }) => `${topic}-${partition}`).join(' ');

/** `t-0` → topic t, partition 0. */
export function partitionsOf(text: string): TopicPartition[] {
  const words = text === '' ? [] : text.split(' ');
  return words.map((word) => {
    const dash = word.lastIndexOf('-');
    return { topic: word.slice(0, dash), partition: Number(word.slice(dash + 1)) };
  });
}

export function assignmentBytes(text: string): Buffer {
  const assignedPartitions = [...Map.groupBy(partitionsOf(text), ({ topic }) => topic)].map(([topic, of]) => ({
    topic,
    partitions: of.map(({ partition }) => partition),
  }));
  return Buffer.from(encodeVersioned(consumerProtocolAssignment, 1, { assignedPartitions }));
}

/** As text, the other way round. */
export function assignedIn(bytes: Uint8Array): string {
  const { assignedPartitions } = decodeVersioned(consumerProtocolAssignment, bytes);
  return textOf(
    assignedPartitions.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition }))),
  );
}

export function subscriptionBytes(topics: readonly string[], owned = '', generationId = -1): Buffer {
  const ownedPartitions = partitionsOf(owned).map(({ topic, partition }) => ({ topic, partitions: [partition] }));
  return Buffer.from(encodeVersioned(consumerProtocolSubscription, 3, { topics, ownedPartitions, generationId }));
}
