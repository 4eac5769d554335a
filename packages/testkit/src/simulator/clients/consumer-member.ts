/**
 * A member of a consumer group as of KIP-848: heartbeats say what it owns, and the answers what it is to own. It gives up what it is to
 * give up before it says so, and reads what is new from where the group has stored that it is.
 */
import { errorName, errors } from '@millrace/protocol';

import { Client, type Surroundings } from './client.ts';
import type { Position } from './fetching.ts';
import { commitAll, fetchStored, type GroupOptions } from './group-member.ts';
import { advance } from './reader.ts';

const rebalanceTimeoutMs = 10_000;
const heartbeatMs = 800;

/** After these the member joins anew. */
const fenced: ReadonlySet<number> = new Set([errors.UNKNOWN_MEMBER_ID, errors.FENCED_MEMBER_EPOCH]);
/** The next heartbeat tells more. */
const passing: ReadonlySet<number> = new Set([
  errors.NOT_COORDINATOR,
  errors.COORDINATOR_NOT_AVAILABLE,
  errors.COORDINATOR_LOAD_IN_PROGRESS,
  errors.STALE_MEMBER_EPOCH,
  errors.UNRELEASED_INSTANCE_ID,
]);

export class ConsumerMember extends Client {
  readonly #options: GroupOptions;
  #topicId = '';
  #memberId = '';
  #epoch = 0;
  #positions: Position[] = [];
  /** Partitions that it is to own; undefined when nothing is to change. */
  #target: readonly number[] | undefined;

  constructor(surroundings: Surroundings, name: string, options: GroupOptions) {
    super(surroundings, name);
    this.#options = options;
  }

  async run(): Promise<void> {
    await this.pause(0, 4_000);
    while (!this.isEnding) {
      await this.#stay(this.nowMs + this.chance.amount(5_000, 30_000));
      await this.#leave();
      await this.pause(200, 3_000);
    }
  }

  async #stay(untilMs: number): Promise<void> {
    this.#memberId = `${this.name}-${this.chance.integer(0, 1 << 30)}`;
    this.#fence();
    if (!(await this.#findTopic())) return;
    let beatAtMs = this.nowMs;
    while (!this.isEnding && this.nowMs < untilMs) {
      if (this.nowMs >= beatAtMs || this.#target !== undefined) {
        await this.#beat();
        beatAtMs = this.nowMs + heartbeatMs;
      }
      await this.#reconcile();
      await advance(this, this.#positions, { isolation: 'committed', waitMsMax: 100, bytesMax: 1 << 20 });
      if (this.chance.oneIn(3)) await this.#commit();
      await this.pause(100, 900);
    }
  }

  async #findTopic(): Promise<boolean> {
    await this.ask('findCoordinator', 4, { keyType: 0, coordinatorKeys: [this.#options.group] });
    const answer = await this.ask('metadata', 12, {
      topics: [{ name: this.#options.topic }],
      allowAutoTopicCreation: false,
    });
    this.#topicId = answer?.topics[0]?.topicId ?? '';
    return this.#topicId !== '';
  }

  async #beat(): Promise<void> {
    const askedAtMs = this.nowMs;
    const { group, topic } = this.#options;
    const owned = this.#positions.map(({ partition }) => partition);
    const answer = await this.ask('consumerGroupHeartbeat', 1, {
      groupId: group,
      memberId: this.#memberId,
      memberEpoch: this.#epoch,
      rebalanceTimeoutMs,
      subscribedTopicNames: [topic],
      topicPartitions: owned.length === 0 ? [] : [{ topicId: this.#topicId, partitions: owned }],
    });
    if (answer === undefined) return;
    const { errorCode, memberEpoch, assignment } = answer;
    if (errorCode !== errors.NONE) {
      this.#failed('ConsumerGroupHeartbeat', errorCode);
      return;
    }
    this.#epoch = memberEpoch;
    if (assignment === null) return;
    const target = assignment.topicPartitions.flatMap(({ partitions }) => partitions);
    this.#target = target;
    const partitions = target.map((partition) => ({ topic, partition }));
    const member = this.#memberId;
    this.history.add({
      kind: 'owned',
      group,
      generation: memberEpoch,
      member,
      ownEpoch: true,
      askedAtMs,
      partitions,
    });
  }

  /** What goes is stored and given up; what comes is read from where the group is. */
  async #reconcile(): Promise<void> {
    const target = this.#target;
    if (target === undefined) return;
    const { group, topic } = this.#options;
    if (this.#positions.some(({ partition }) => !target.includes(partition))) await this.#commit();
    if (this.#target !== target) return;
    this.#positions = this.#positions.filter(({ partition }) => target.includes(partition));
    const fresh = target.filter((index) => !this.#positions.some(({ partition }) => partition === index));
    const places = fresh.map((partition) => ({ topic, partition }));
    const stored = places.length === 0 ? [] : await fetchStored(this, group, places);
    if (stored === undefined || this.#target !== target) return;
    for (const { partition, offset } of stored) this.#positions.push({ topic, partition, offset: Math.max(0, offset) });
    this.#target = undefined;
  }

  async #commit(): Promise<void> {
    const { group } = this.#options;
    const committer = { group, member: this.#memberId, epoch: this.#epoch, version: 9 };
    for (const errorCode of await commitAll(this, this.#positions, committer)) this.#failed('OffsetCommit', errorCode);
  }

  async #leave(): Promise<void> {
    await this.#commit();
    await this.ask('consumerGroupHeartbeat', 1, {
      groupId: this.#options.group,
      memberId: this.#memberId,
      memberEpoch: -1,
    });
    this.#fence();
  }

  #failed(what: string, errorCode: number): void {
    this.history.trace(`${this.name} ${what} ${errorName(errorCode)}`);
    if (fenced.has(errorCode)) this.#fence();
    else if (!passing.has(errorCode)) this.mustBeRetriable(what, errorCode);
  }

  #fence(): void {
    this.#epoch = 0;
    this.#positions = [];
    this.#target = undefined;
  }
}
