/**
 * A client that does everything right, all the time, on connections of its own: whatever others do to the broker, it must never get an
 * error and never wait long, and at the end it reads back all that it wrote.
 */
import assert from 'node:assert/strict';

import { decodeBatch, encodeBatch, errorName, errors, splitBatches } from '@millrace/protocol';
import { WireClient } from '@millrace/testkit';

const topic = 'good-client';
const groupId = 'good-group';
const recordsPerBatch = 5;
const pauseMs = 3;
/** A hang, and not a machine that is busy with other things. */
const waitMsMax = 5000;
/** What 99 of 100 round trips must stay below. */
const usualMsMax = 1000;

export class GoodClient {
  readonly #client: WireClient;
  readonly #roundTripsMs: number[] = [];
  readonly #isStopping = { now: false };
  #sequence = 0;
  #position = 0;
  #rounds: Promise<void> = Promise.resolve();

  private constructor(client: WireClient) {
    this.#client = client;
  }

  static async start(bootstrap: string): Promise<GoodClient> {
    const client = await WireClient.connect(bootstrap);
    const { topics } = await client.send('createTopics', 7, {
      topics: [
        {
          name: topic,
          numPartitions: 1,
          replicationFactor: 1,
          assignments: [],
          configs: [{ name: 'retention.ms', value: '-1' }],
        },
      ],
    });
    assert.equal(errorName(topics[0]?.errorCode ?? -1), 'NONE');
    const good = new GoodClient(client);
    good.#rounds = good.#work();
    // Whoever waits for it sees the failure; until then it is not unhandled.
    good.#rounds.catch(() => {});
    return good;
  }

  /** Ends the work and checks what it saw. The round trips are for the report. */
  async finish(): Promise<{ readonly count: number; readonly medianMs: number; readonly mostMs: number }> {
    this.#isStopping.now = true;
    await this.#rounds;
    while (this.#position < this.#sequence) await this.#fetch();
    await this.#readAll();
    this.#client.close();
    const sorted = this.#roundTripsMs.sort((left, right) => left - right);
    const usualMs = sorted[Math.floor(sorted.length * 0.99)] ?? 0;
    assert.ok(usualMs < usualMsMax, `one of a hundred round trips took more than ${usualMs.toFixed()} ms`);
    return { count: sorted.length, medianMs: sorted[sorted.length >> 1] ?? 0, mostMs: sorted.at(-1) ?? 0 };
  }

  async #work(): Promise<void> {
    for (let round = 0; !this.#isStopping.now; round++) {
      await this.#produce();
      await this.#fetch();
      if (round % 5 === 0) await this.#metadata();
      if (round % 20 === 0) await this.#commit();
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  async #produce(): Promise<void> {
    const values = Array.from({ length: recordsPerBatch }, (_, index) => ({
      value: Buffer.from(String(this.#sequence + index)),
      timestamp: 1_700_000_000_000,
    }));
    const answer = await this.#timed(
      'produce',
      async () =>
        await this.#client.send('produce', 9, {
          acks: -1,
          timeoutMs: 30_000,
          topicData: [{ name: topic, partitionData: [{ index: 0, records: encodeBatch(values) }] }],
        }),
    );
    const result = answer.responses[0]?.partitionResponses[0];
    assert.equal(errorName(result?.errorCode ?? -1), 'NONE', 'the good client produces');
    assert.equal(result?.baseOffset, this.#sequence, "nobody else writes to the good client's topic");
    this.#sequence += recordsPerBatch;
  }

  async #fetch(): Promise<void> {
    this.#position += this.#check(await this.#fetchAt(this.#position), this.#position);
  }

  async #fetchAt(offset: number): Promise<Buffer> {
    const answer = await this.#timed(
      'fetch',
      async () =>
        await this.#client.send('fetch', 12, {
          maxWaitMs: 10,
          minBytes: 1,
          maxBytes: 1 << 20,
          topics: [{ topic, partitions: [{ partition: 0, fetchOffset: offset, partitionMaxBytes: 1 << 20 }] }],
          forgottenTopicsData: [],
        }),
    );
    const found = answer.responses[0]?.partitions[0];
    assert.equal(errorName(found?.errorCode ?? -1), 'NONE', 'the good client fetches');
    return found?.records ?? Buffer.alloc(0);
  }

  /** Gives how many records there are from `offset` on; each must hold its own offset. */
  #check(records: Buffer, offset: number): number {
    let next = offset;
    for (const { at } of splitBatches(records).spans) {
      for (const record of decodeBatch(records, at, 1 << 20)) {
        if (record.offset < next) continue;
        assert.equal(record.offset, next, 'no offset is skipped');
        assert.equal(String(record.value), String(next), 'a record is what was written');
        next++;
      }
    }
    return next - offset;
  }

  async #metadata(): Promise<void> {
    const { topics } = await this.#timed(
      'metadata',
      async () => await this.#client.send('metadata', 12, { topics: [{ name: topic }], allowAutoTopicCreation: false }),
    );
    assert.equal(errorName(topics[0]?.errorCode ?? -1), 'NONE');
    assert.equal(topics[0]?.partitions[0]?.leaderId, 1);
  }

  async #commit(): Promise<void> {
    const committedOffset = BigInt(this.#position);
    const committed = await this.#timed(
      'offsetCommit',
      async () =>
        await this.#client.send('offsetCommit', 8, {
          groupId,
          generationIdOrMemberEpoch: -1,
          memberId: '',
          topics: [{ name: topic, partitions: [{ partitionIndex: 0, committedOffset, committedMetadata: '' }] }],
        }),
    );
    const errorCode = committed.topics[0]?.partitions[0]?.errorCode ?? -1;
    // The group's log is made when it is first asked for.
    if (
      errorCode === errors.NOT_COORDINATOR ||
      errorCode === errors.COORDINATOR_NOT_AVAILABLE ||
      errorCode === errors.COORDINATOR_LOAD_IN_PROGRESS
    ) {
      await this.#client.send('findCoordinator', 3, { key: groupId, keyType: 0 });
      return;
    }
    assert.equal(errorName(errorCode), 'NONE', 'the good client commits');
    const fetched = await this.#timed(
      'offsetFetch',
      async () =>
        await this.#client.send('offsetFetch', 7, {
          groupId,
          topics: [{ name: topic, partitionIndexes: [0] }],
          requireStable: false,
        }),
    );
    assert.equal(fetched.topics[0]?.partitions[0]?.committedOffset, committedOffset);
  }

  async #readAll(): Promise<void> {
    let offset = 0;
    while (offset < this.#sequence) offset += this.#check(await this.#fetchAt(offset), offset);
    assert.ok(offset > 0, 'the good client wrote something');
  }

  async #timed<T>(what: string, call: () => Promise<T>): Promise<T> {
    const startedAtMs = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const hang = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`the good client waits for ${what} since ${waitMsMax} ms`)), waitMsMax);
    });
    try {
      return await Promise.race([call(), hang]);
    } finally {
      clearTimeout(timer);
      this.#roundTripsMs.push(performance.now() - startedAtMs);
    }
  }
}
