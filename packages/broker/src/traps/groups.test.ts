/**
 * Traps that other brokers fell into, by their numbers in the survey of brokers: groups and what they commit.
 * What is expected was first seen in Apache Kafka 4.3.1.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { consumerProtocolAssignment, encodeVersioned, errorName, errors, type Response } from '@millrace/protocol';
import { TopicStage, WireClient, type TestBroker } from '@millrace/testkit';

suite('traps that others found', () => {
  test('6: what is committed beside an offset comes back letter by letter; none is empty, and too much is refused', async () => {
    await using stage = await TopicStage.open();
    await stage.topic('t', {}, 2);
    await stage.client.send('findCoordinator', 3, { key: 'g', keyType: 0 });
    const commit = async (committedMetadata: string | null): Promise<string> => {
      const { topics } = await stage.client.send('offsetCommit', 8, {
        groupId: 'g',
        generationIdOrMemberEpoch: -1,
        memberId: '',
        topics: [{ name: 't', partitions: [{ partitionIndex: 0, committedOffset: 3n, committedMetadata }] }],
      });
      return errorName(topics[0]?.partitions[0]?.errorCode ?? -1);
    };
    const fetched = async (partition = 0) => {
      const { topics } = await stage.client.send('offsetFetch', 7, {
        groupId: 'g',
        topics: [{ name: 't', partitionIndexes: [partition] }],
      });
      return topics[0]?.partitions[0];
    };
    for (const text of ['meta', '', 'ä€😀', 'y'.repeat(4096)]) {
      assert.equal(await commit(text), 'NONE');
      assert.equal((await fetched())?.metadata, text);
    }
    assert.equal(await commit('y'.repeat(4097)), 'OFFSET_METADATA_TOO_LARGE');
    assert.equal((await fetched())?.metadata, 'y'.repeat(4096), 'what was refused changed nothing');
    assert.equal(await commit(null), 'NONE');
    assert.equal((await fetched())?.metadata, '');
    const none = await fetched(1);
    assert.deepEqual([none?.committedOffset, none?.metadata], [-1n, '']);
  });

  test('8: members that join at the same time keep the ids they were given, and an empty assignment is no missing one', async () => {
    // Who is in before the others must join again when they come: here all come within the first delay.
    await using stage = await TopicStage.open({ 'group.initial.rebalance.delay.ms': '500' });
    await stage.client.send('findCoordinator', 3, { key: 'g', keyType: 0 });
    const members = await Promise.all(Array.from({ length: 8 }, async () => await Member.open(stage.broker)));
    try {
      const joined = await Promise.all(members.map(async (member) => await member.join()));
      assert.deepEqual(new Set(joined.map(({ errorCode }) => errorName(errorCode))), new Set(['NONE']));
      const newest = Math.max(...joined.map(({ generationId }) => generationId));
      const last = await Promise.all(
        members.map(async (member, index) =>
          joined[index]?.generationId === newest ? joined[index] : await member.join(),
        ),
      );
      assert.deepEqual(
        new Set(last.map((answer) => answer?.generationId)),
        new Set([newest]),
        'all are in one generation',
      );
      const leader = last.find((answer) => answer?.leader === answer?.memberId);
      assert.equal(leader?.members.length, members.length);
      const assignments =
        leader?.members.map(({ memberId }, index) => ({
          memberId,
          assignment: index === 0 ? oneAssigned : noneAssigned,
        })) ?? [];
      const synced = await Promise.all(
        members.map(async (member) => await member.sync(newest, member.id === leader?.memberId ? assignments : [])),
      );
      assert.deepEqual(
        synced.map(({ errorCode }) => errorName(errorCode)),
        members.map(() => 'NONE'),
      );
      const lengths = synced.map(({ assignment }) => assignment.length).sort((left, right) => left - right);
      assert.deepEqual(lengths, [...members.slice(1).map(() => noneAssigned.length), oneAssigned.length]);
      for (const member of members) assert.equal(errorName(await member.heartbeat(newest)), 'NONE');
    } finally {
      for (const member of members) member.close();
    }
  });
});

/** One member of the group `g`, with a connection of its own. */
class Member {
  id = '';
  readonly #client: WireClient;

  private constructor(client: WireClient) {
    this.#client = client;
  }

  static async open(broker: TestBroker): Promise<Member> {
    return new Member(await WireClient.connect(broker.bootstrap));
  }

  /** Asks again with the id that it is issued. */
  async join(): Promise<Response<'joinGroup'>> {
    for (;;) {
      const answer = await this.#client.send('joinGroup', 7, {
        groupId: 'g',
        sessionTimeoutMs: 30_000,
        rebalanceTimeoutMs: 30_000,
        memberId: this.id,
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata: Buffer.alloc(6) }],
      });
      this.id = answer.memberId;
      if (answer.errorCode !== errors.MEMBER_ID_REQUIRED) return answer;
    }
  }

  async sync(
    generationId: number,
    assignments: readonly { memberId: string; assignment: Uint8Array }[],
  ): Promise<Response<'syncGroup'>> {
    return await this.#client.send('syncGroup', 5, {
      groupId: 'g',
      generationId,
      memberId: this.id,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments,
    });
  }

  async heartbeat(generationId: number): Promise<number> {
    return (await this.#client.send('heartbeat', 4, { groupId: 'g', generationId, memberId: this.id })).errorCode;
  }

  close(): void {
    this.#client.close();
  }
}

const oneAssigned = encodeVersioned(consumerProtocolAssignment, 0, {
  assignedPartitions: [{ topic: 't', partitions: [0] }],
  userData: null,
});
const noneAssigned = encodeVersioned(consumerProtocolAssignment, 0, { assignedPartitions: [], userData: null });
