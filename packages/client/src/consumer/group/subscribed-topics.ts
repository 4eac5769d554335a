/**
 * A subscription → the names of topics, and the watch over what would change who gets what. In: metadata as it changes. Out: `changed`, with
 * a reason, when a pattern matches other topics, or a topic that the group shares out has other partitions than when it was shared out.
 */
import type { Timer } from '@millrace/base';

import { backoffMs } from '../../cluster/backoff.ts';
import type { TopicMetadata } from '../../cluster/topic-metadata.ts';
import { ClientError } from '../../error.ts';
import type { AssignableTopic } from './assignors/assignor.ts';
import type { GroupCluster } from './member-options.ts';
import type { Subscription } from './membership.ts';

export interface SubscribedTopicsOptions {
  readonly cluster: GroupCluster;
  readonly areInternalExcluded: boolean;
  /** Whether the broker can look at patterns (KIP-848). */
  readonly doesBrokerMatch?: boolean;
  readonly changed: (reason: string) => void;
  /** A topic that is subscribed to may not be read; told once, until it may. */
  readonly refused?: (error: ClientError) => void;
}

/** How long at most until a topic that is not there is looked for again. */
const missingMsMax = 5000;

export class SubscribedTopics {
  readonly #options: SubscribedTopicsOptions;
  #subscription: Subscription = { topics: [] };
  /** What the pattern matched when the member joined. */
  #joined: string | undefined;
  /** The topics of the whole group, while this member is its leader, and their partitions when they were shared out. */
  #shared: { readonly names: readonly string[]; readonly print: string } | undefined;
  #unlisten: (() => void) | undefined;
  readonly #refused = new Set<string>();
  #missingTimer: Timer | undefined;
  #misses = 0;

  constructor(options: SubscribedTopicsOptions) {
    this.#options = options;
  }

  /** Throws `ClientError` UNSUPPORTED for a pattern that only brokers can read. */
  set(subscription: Subscription): void {
    if (
      subscription.pattern !== undefined &&
      !(subscription.pattern instanceof RegExp) &&
      !this.#options.doesBrokerMatch
    )
      throw new ClientError(
        'UNSUPPORTED',
        'A pattern in RE2 is looked at by the broker, which needs group.protocol=consumer; with group.protocol=classic give a RegExp.',
      );
    const { metadata } = this.#options.cluster;
    this.#subscription = subscription;
    metadata.wantsAll = subscription.pattern !== undefined;
    metadata.want(subscription.topics);
    this.#unlisten ??= metadata.onChanged(() => this.#look());
    if (subscription.topics.some((name) => metadata.topic(name) === undefined))
      metadata.refresh().catch(() => this.#unlisten && this.#seekMissing());
  }

  get pattern(): Subscription['pattern'] {
    return this.#subscription.pattern;
  }

  get hasPattern(): boolean {
    return this.#subscription.pattern !== undefined;
  }

  /** By what is known now. */
  get names(): readonly string[] {
    const { topics, pattern } = this.#subscription;
    if (!(pattern instanceof RegExp)) return topics;
    // A pattern with the flags g or y would remember where it stopped.
    const fresh = new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, ''));
    const { metadata } = this.#options.cluster;
    const matching = [...metadata.topics.values()].filter(
      ({ name, isInternal }) => !(isInternal && this.#options.areInternalExcluded) && fresh.test(name),
    );
    return matching.map(({ name }) => name).sort();
  }

  /** A leader may know of a topic that matches the pattern before this member does. */
  has(topic: string): boolean {
    const { topics, pattern } = this.#subscription;
    if (!(pattern instanceof RegExp)) return topics.includes(topic);
    return new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, '')).test(topic);
  }

  /** The names to join with; from now on the watch says when they are others. */
  joining(): readonly string[] {
    const { names } = this;
    this.#joined = names.join('\n');
    this.#shared = undefined;
    return names;
  }

  /** Of the group's topics those that exist, for a leader to share out; from now on the watch says when they are others. */
  async share(names: readonly string[]): Promise<Map<string, AssignableTopic>> {
    const { metadata } = this.#options.cluster;
    metadata.want(names);
    if (names.some((name) => metadata.topic(name) === undefined)) await metadata.refresh();
    this.#shared = { names, print: this.#print(names) };
    this.#look();
    const found = names.map((name) => metadata.topic(name)).filter((topic) => topic !== undefined);
    return new Map(found.map((topic) => [topic.name, this.#assignable(topic)]));
  }

  /** Metadata forgets topics that nobody asks for. */
  keep(): void {
    const { metadata } = this.#options.cluster;
    metadata.want(this.#subscription.topics);
    if (this.#shared !== undefined) metadata.want(this.#shared.names);
  }

  close(): void {
    this.#unlisten?.();
    this.#unlisten = undefined;
    this.#missingTimer?.cancel();
    if (this.hasPattern) this.#options.cluster.metadata.wantsAll = false;
  }

  #look(): void {
    if (this.hasPattern && this.#joined !== undefined && this.names.join('\n') !== this.#joined)
      this.#options.changed('the topics that the pattern matches have changed');
    else if (this.#shared !== undefined && this.#print(this.#shared.names) !== this.#shared.print)
      this.#options.changed('the partitions of a subscribed topic have changed');
    this.#lookForRefusals();
    this.#seekMissing();
  }

  #lookForRefusals(): void {
    const { cluster, refused } = this.#options;
    for (const name of this.#subscription.topics) {
      const fault = cluster.metadata.fault(name);
      if (fault?.code !== 'TOPIC_AUTHORIZATION_FAILED') this.#refused.delete(name);
      else if (!this.#refused.has(name)) {
        this.#refused.add(name);
        refused?.(fault);
      }
    }
  }

  /** A topic that is subscribed to before it exists is found soon after it does. */
  #seekMissing(): void {
    const { metadata, host, config } = this.#options.cluster;
    const names = this.#shared?.names ?? this.#subscription.topics;
    if (names.every((name) => metadata.topic(name) !== undefined)) this.#misses = 0;
    else
      this.#missingTimer ??= host.timers.after(
        backoffMs(++this.#misses, config['retry.backoff.ms'], missingMsMax, host.random),
        () => {
          this.#missingTimer = undefined;
          this.keep();
          metadata.refresh().catch(() => this.#unlisten && this.#seekMissing());
        },
      );
  }

  #print(names: readonly string[]): string {
    const { metadata, config } = this.#options.cluster;
    const seen = names.map((name) => metadata.topic(name)).filter((topic) => topic !== undefined);
    // Racks come and go with brokers: they count only where the leader itself has one, as with Java's.
    const doRacksCount = config['client.rack'] !== '';
    return JSON.stringify(
      seen.map((topic) => [topic.name, doRacksCount ? this.#assignable(topic) : topic.partitions.length]),
    );
  }

  #assignable({ partitions }: TopicMetadata): AssignableTopic {
    const { nodes } = this.#options.cluster.metadata;
    const racks = partitions.map(({ replicas }) =>
      [...new Set(replicas.map((id) => nodes.get(id)?.rack ?? null))].filter((rack) => rack !== null).sort(),
    );
    return { partitionCount: partitions.length, racks: racks.every((names) => names.length === 0) ? [] : racks };
  }
}
