/** Makes the topics that others use; then makes and removes topics of its own, and deletes records where nobody counts on them. */
import { errorName, errors } from '@millrace/protocol';

import { Client, type Surroundings } from './client.ts';

export interface NewTopic {
  readonly name: string;
  readonly partitionCount: number;
  readonly settings: Readonly<Record<string, string>>;
  /** Records of it may go. */
  readonly isTrimmed: boolean;
}

const ofBadDisk: ReadonlySet<number> = new Set([errors.UNKNOWN_SERVER_ERROR, errors.INVALID_REPLICATION_FACTOR]);

export class Administrator extends Client {
  readonly #topics: readonly NewTopic[];
  readonly #known = new Set<string>();

  constructor(surroundings: Surroundings, name: string, topics: readonly NewTopic[]) {
    super(surroundings, name);
    this.#topics = topics;
  }

  /** Before everybody else. */
  async prepare(): Promise<void> {
    for (const topic of this.#topics) {
      if (topic.isTrimmed) this.history.add({ kind: 'trimmed', topic: topic.name });
      while (!(await this.#create(topic))) await this.pause(50, 200);
    }
  }

  async run(): Promise<void> {
    while (!this.isEnding) {
      await this.pause(500, 3_000);
      const act = this.chance.random.below(4);
      if (act === 0)
        await this.#create({
          name: `own-${this.chance.random.below(5)}`,
          partitionCount: 2,
          settings: {},
          isTrimmed: false,
        });
      else if (act === 1) await this.#removeOne();
      else if (act === 2) await this.#deleteRecords();
      else await this.#alterRetention();
    }
  }

  /** What was made is there, and what was removed is not. */
  async audit(): Promise<boolean> {
    const answer = await this.ask('metadata', 9, { topics: null, allowAutoTopicCreation: false });
    if (answer === undefined) return false;
    const there = new Set(answer.topics.map(({ name }) => name));
    for (const topic of this.#known) {
      this.history.add({ kind: 'topic', topic, isThere: there.has(topic), isFinal: true });
    }
    return true;
  }

  async #create({ name, partitionCount, settings }: NewTopic): Promise<boolean> {
    this.#known.delete(name);
    const answer = await this.ask('createTopics', 5, {
      topics: [
        {
          name,
          numPartitions: partitionCount,
          replicationFactor: 1,
          assignments: [],
          configs: Object.entries(settings).map(([key, value]) => ({ name: key, value })),
        },
      ],
      timeoutMs: 2_000,
    });
    const errorCode = answer?.topics[0]?.errorCode;
    if (errorCode === undefined) return false;
    if (errorCode !== errors.NONE && errorCode !== errors.TOPIC_ALREADY_EXISTS) {
      this.#failed(`creation of ${name}`, errorCode);
      return false;
    }
    this.#known.add(name);
    this.history.add({ kind: 'topic', topic: name, isThere: true, isFinal: false });
    return true;
  }

  async #removeOne(): Promise<void> {
    const own = [...this.#known].filter((name) => name.startsWith('own-'));
    if (own.length === 0) return;
    const name = this.chance.pick(own);
    const answer = await this.ask('deleteTopics', 5, { topicNames: [name], timeoutMs: 2_000 });
    const errorCode = answer?.responses[0]?.errorCode;
    if (errorCode === undefined) {
      // It may be gone, or not.
      this.#known.delete(name);
    } else if (errorCode === errors.NONE) {
      this.history.add({ kind: 'topic', topic: name, isThere: false, isFinal: false });
    } else if (errorCode !== errors.UNKNOWN_TOPIC_OR_PARTITION) this.#failed(`removal of ${name}`, errorCode);
  }

  async #deleteRecords(): Promise<void> {
    const trimmed = this.#topics.filter(({ isTrimmed }) => isTrimmed);
    if (trimmed.length === 0) return;
    const { name, partitionCount } = this.chance.pick(trimmed);
    const partitionIndex = this.chance.random.below(partitionCount);
    const offset = this.chance.oneIn(3) ? -1 : this.chance.integer(0, 40);
    const answer = await this.ask('deleteRecords', 2, {
      topics: [{ name, partitions: [{ partitionIndex, offset }] }],
      timeoutMs: 2_000,
    });
    const errorCode = answer?.topics[0]?.partitions[0]?.errorCode ?? errors.NONE;
    if (errorCode !== errors.NONE && errorCode !== errors.OFFSET_OUT_OF_RANGE) this.#failed('DeleteRecords', errorCode);
  }

  async #alterRetention(): Promise<void> {
    const trimmed = this.#topics.filter(({ isTrimmed }) => isTrimmed);
    if (trimmed.length === 0) return;
    const value = String(this.chance.integer(2_000, 30_000));
    const configs = [{ name: 'retention.ms', configOperation: 0, value }];
    const resources = [{ resourceType: 2, resourceName: this.chance.pick(trimmed).name, configs }];
    const answer = await this.ask('incrementalAlterConfigs', 1, { resources, validateOnly: false });
    const errorCode = answer?.responses[0]?.errorCode ?? errors.NONE;
    if (errorCode !== errors.NONE) this.#failed('IncrementalAlterConfigs', errorCode);
  }

  /** A broker whose disk is full, or has failed, says so in words that no client would try again after. */
  #failed(what: string, errorCode: number): void {
    this.history.trace(`${this.name} ${what} ${errorName(errorCode)}`);
    if (!ofBadDisk.has(errorCode)) this.mustBeRetriable(what, errorCode);
  }
}
