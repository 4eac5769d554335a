/** Classic members in consumer groups, and groups that change sides. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  decodeVersioned,
  encodeVersioned,
  errors,
} from '@millrace/protocol';

import type { JoinAnswer } from '../member.ts';
import { Outcome, Stage } from '../stage.ts';
import { settle, StageMember } from './stage-member.ts';

const names = (...subscribedTopicNames: string[]) => ({ subscribedTopicNames });

/** A consumer of the classic protocol, as far as it must think for itself. */
class ClassicConsumer {
  readonly stage: Stage;
  id = '';
  generation = -1;
  holds: number[] = [];
  instanceId: string | null = null;
  readonly protocols: readonly string[];
  readonly topics: readonly string[];

  constructor(
    stage: Stage,
    { topics = ['t'], protocols = ['range'] }: { topics?: string[]; protocols?: string[] } = {},
  ) {
    this.stage = stage;
    this.topics = topics;
    this.protocols = protocols;
  }

  join(): JoinAnswer {
    const outcome = this.#ask();
    const { errorCode, memberId } = outcome.get();
    if (errorCode !== errors.MEMBER_ID_REQUIRED) return this.#joined(outcome);
    this.id = memberId;
    return this.#joined(this.#ask());
  }

  /** In a classic group the answer comes when all have joined. */
  joinLater(): Outcome<JoinAnswer> {
    const outcome = this.#ask();
    if (outcome.response?.errorCode !== errors.MEMBER_ID_REQUIRED) return outcome;
    this.id = outcome.response.memberId;
    return this.#ask();
  }

  sync(assignments: Record<string, number[]> = {}): number {
    const bytes = Object.entries(assignments).map(([memberId, partitions]) => ({
      memberId,
      assignment: Buffer.from(
        encodeVersioned(consumerProtocolAssignment, 1, {
          assignedPartitions: [{ topic: 't', partitions }],
          userData: null,
        }),
      ),
    }));
    const { memberId = this.id, generationId = this.generation } = {};
    const synced = this.stage
      .syncGroup({ memberId, generationId, groupInstanceId: this.instanceId, protocolName: null, assignments: bytes })
      .get();
    if (synced.errorCode === errors.NONE) this.holds = partitionsIn(synced.assignment);
    return synced.errorCode;
  }

  heartbeat(): number {
    return this.stage.heartbeat(this.id, this.generation, this.instanceId);
  }

  /** Joins, holding what it has, until it is told that all is well. */
  follow(): void {
    for (let round = 0; round < 5 && this.heartbeat() === errors.REBALANCE_IN_PROGRESS; round++) {
      this.join();
      assert.equal(this.sync(), errors.NONE);
    }
  }

  take({ memberId, generationId }: JoinAnswer): void {
    this.id = memberId;
    this.generation = generationId;
  }

  #ask(): Outcome<JoinAnswer> {
    const metadata = Buffer.from(
      encodeVersioned(consumerProtocolSubscription, 1, {
        topics: this.topics,
        userData: null,
        ownedPartitions: [{ topic: 't', partitions: this.holds }],
      }),
    );
    const protocols = this.protocols.map((name) => ({ name, metadata }));
    return this.stage.join({
      memberId: this.id,
      groupInstanceId: this.instanceId,
      protocols,
      sessionTimeoutMs: 45_000,
    });
  }

  #joined(outcome: Outcome<JoinAnswer>): JoinAnswer {
    const joined = outcome.get();
    if (joined.errorCode === errors.NONE) this.take(joined);
    return joined;
  }
}

function partitionsIn(assignment: Buffer): number[] {
  if (assignment.length === 0) return [];
  const { assignedPartitions } = decodeVersioned(consumerProtocolAssignment, assignment);
  return assignedPartitions.flatMap(({ partitions }) => [...partitions]).sort((left, right) => left - right);
}

/** A stable classic group of one member that reads all four partitions. */
function classicGroup(): { readonly stage: Stage; readonly classic: ClassicConsumer } {
  const stage = new Stage({ settings: { initialRebalanceDelayMs: 0 } });
  stage.topic('t', 4);
  const classic = new ClassicConsumer(stage);
  const joining = classic.joinLater();
  stage.time.pass(1);
  classic.take(joining.get());
  assert.equal(classic.sync({ [classic.id]: [0, 1, 2, 3] }), errors.NONE);
  return { stage, classic };
}

suite('upgrade', () => {
  test('the first consumer makes a classic group a consumer group, whose member keeps what it has', () => {
    const { stage, classic } = classicGroup();
    const consumer = new StageMember(stage, 'k', names('t'));
    assert.equal(consumer.beat().memberEpoch, 2);
    const { groupEpoch, members } = stage.describeConsumer();
    assert.equal(groupEpoch, 2);
    const old = members.find(({ memberId }) => memberId === classic.id);
    assert.deepEqual(old?.assignment.topicPartitions[0]?.partitions, [0, 1, 2, 3]);
    assert.deepEqual([old?.memberType, old?.memberEpoch], [0, 1]);
    assert.equal(stage.describe().isFound, false);
  });

  test('the classic member joins again, gives up its half, and both are settled', () => {
    const { stage, classic } = classicGroup();
    const consumer = new StageMember(stage, 'k', names('t'));
    consumer.beat();
    assert.equal(classic.heartbeat(), errors.REBALANCE_IN_PROGRESS);
    classic.follow();
    settle([consumer]);
    classic.follow();
    assert.equal(classic.heartbeat(), errors.NONE);
    const half = [...(consumer.holds.values().next().value ?? [])];
    assert.deepEqual(
      [...classic.holds, ...half].sort((left, right) => left - right),
      [0, 1, 2, 3],
    );
    assert.deepEqual([classic.holds.length, half.length], [2, 2]);
    assert.equal(stage.describeConsumer().groupState, 'Stable');
  });

  test('who waits in a rebalance of the classic group is sent to join again', () => {
    const { stage, classic } = classicGroup();
    const other = new ClassicConsumer(stage);
    const waiting = other.joinLater();
    assert.equal(waiting.isDone, false);
    new StageMember(stage, 'k', names('t')).beat();
    assert.equal(waiting.errorCode, errors.REBALANCE_IN_PROGRESS);
    assert.equal(classic.heartbeat(), errors.REBALANCE_IN_PROGRESS);
  });

  test('a group that must not be upgraded is not there for consumers', () => {
    const { stage } = classicGroup();
    stage.settings.consumer = { ...stage.settings.consumer, mayUpgrade: false };
    const { errorCode, errorMessage } = new StageMember(stage, 'k', names('t')).beat();
    assert.equal(errorCode, errors.GROUP_ID_NOT_FOUND);
    assert.equal(errorMessage, 'Cannot upgrade classic group g to consumer group because online upgrade is disabled.');
    assert.equal(stage.describe().isFound, true);
  });

  test('a group of another kind of protocol is not upgraded', () => {
    const stage = new Stage({ settings: { initialRebalanceDelayMs: 0 } });
    stage.form(1, { protocolType: 'connect' });
    const { errorMessage } = new StageMember(stage, 'k', names('t')).beat();
    assert.equal(
      errorMessage,
      'Cannot upgrade classic group g to consumer group because the group does not use the consumer embedded protocol.',
    );
  });

  test('a full disk leaves the classic group as it is', () => {
    const { stage, classic } = classicGroup();
    stage.appendError = errors.KAFKA_STORAGE_ERROR;
    assert.throws(() => new StageMember(stage, 'k', names('t')).beat(), /failed/);
    stage.appendError = errors.NONE;
    assert.equal(classic.heartbeat(), errors.NONE);
  });
});

suite('classic members', () => {
  test('a classic member joins a consumer group at once, with its epoch as generation', () => {
    const stage = new Stage();
    stage.topic('t', 2);
    const consumer = new StageMember(stage, 'k', names('t'));
    settle([consumer]);
    const classic = new ClassicConsumer(stage, { protocols: ['cooperative', 'range'] });
    const { errorCode, generationId, protocolName, leader, members } = classic.join();
    assert.deepEqual([errorCode, generationId, protocolName, leader, members], [errors.NONE, 3, 'cooperative', '', []]);
    assert.equal(classic.sync(), errors.NONE);
    settle([consumer]);
    classic.follow();
    settle([consumer]);
    assert.deepEqual([classic.holds.length, consumer.holds.values().next().value?.size], [1, 1]);
  });

  test('a classic member that shares no protocol with its kind is refused', () => {
    const stage = new Stage();
    const consumer = new StageMember(stage, 'k', names('t'));
    settle([consumer]);
    new ClassicConsumer(stage, { protocols: ['range'] }).join();
    assert.equal(
      new ClassicConsumer(stage, { protocols: ['sticky'] }).join().errorCode,
      errors.INCONSISTENT_GROUP_PROTOCOL,
    );
  });

  test('a classic member that does not sync, join again or heartbeat in time is gone', () => {
    for (const isSynced of [false, true]) {
      const stage = new Stage();
      stage.topic('t', 2);
      const consumer = new StageMember(stage, 'k', names('t'));
      settle([consumer]);
      const classic = new ClassicConsumer(stage);
      classic.join();
      if (isSynced) classic.sync();
      for (let step = 0; step < 13; step++) {
        stage.time.pass(5000);
        settle([consumer]);
        if (!isSynced && step < 11) classic.heartbeat();
      }
      assert.equal(classic.heartbeat(), errors.UNKNOWN_MEMBER_ID);
      assert.equal(consumer.holds.values().next().value?.size, 2);
    }
  });

  test('what is not of its generation is refused', () => {
    const stage = new Stage();
    stage.topic('t', 2);
    settle([new StageMember(stage, 'k', names('t'))]);
    const classic = new ClassicConsumer(stage);
    classic.join();
    const { id, generation } = classic;
    assert.equal(stage.heartbeat(id, generation - 1), errors.ILLEGAL_GENERATION);
    assert.equal(stage.heartbeat('k', 3), errors.UNKNOWN_MEMBER_ID, 'a consumer does not speak so');
    assert.equal(stage.heartbeat('stranger', 3), errors.UNKNOWN_MEMBER_ID);
    const sync = (request: object): number =>
      stage.syncGroup({ memberId: id, generationId: generation, ...request }).get().errorCode;
    assert.equal(sync({ generationId: 1 }), errors.ILLEGAL_GENERATION);
    assert.equal(sync({ protocolName: 'other' }), errors.INCONSISTENT_GROUP_PROTOCOL);
    assert.equal(sync({ protocolType: 'connect' }), errors.INCONSISTENT_GROUP_PROTOCOL);
    assert.equal(sync({ groupInstanceId: 'i' }), errors.UNKNOWN_MEMBER_ID);
  });
});

suite('downgrade', () => {
  test('when the last consumer leaves, the group is classic again and rebalances', () => {
    const { stage, classic } = classicGroup();
    const consumer = new StageMember(stage, 'k', names('t'));
    consumer.beat();
    classic.follow();
    settle([consumer]);
    classic.follow();
    assert.equal(consumer.leave().errorCode, errors.NONE);
    assert.throws(() => stage.describeConsumer(), /is not a consumer group/);
    assert.equal(stage.describe().groupState, 'PreparingRebalance');
    assert.equal(classic.heartbeat(), errors.REBALANCE_IN_PROGRESS);
    const joined = classic.join();
    assert.deepEqual([joined.errorCode, joined.leader], [errors.NONE, classic.id]);
    assert.equal(classic.sync({ [classic.id]: [0, 1, 2, 3] }), errors.NONE);
    assert.equal(stage.describe().groupState, 'Stable');
  });

  test('a restart right after it finds the classic group with what its members had', () => {
    const { stage, classic } = classicGroup();
    const consumer = new StageMember(stage, 'k', names('t'));
    consumer.beat();
    consumer.leave();
    const next = stage.restart();
    assert.equal(next.describe().groupState, 'Stable');
    assert.deepEqual(
      next.describe().members.map(({ memberId }) => memberId),
      [classic.id],
    );
  });

  test('a consumer that is lost leads there, too', () => {
    const { stage, classic } = classicGroup();
    const consumer = new StageMember(stage, 'k', names('t'));
    consumer.beat();
    for (let step = 0; step < 10; step++) {
      stage.time.pass(5000);
      if (stage.describe().isFound) break;
      classic.follow();
    }
    assert.equal(stage.describe().isFound, true);
    assert.equal(classic.heartbeat(), errors.REBALANCE_IN_PROGRESS);
  });

  test('without leave to do so the group stays what it is', () => {
    const { stage, classic } = classicGroup();
    const consumer = new StageMember(stage, 'k', names('t'));
    consumer.beat();
    classic.follow();
    stage.settings.consumer = { ...stage.settings.consumer, mayDowngrade: false };
    consumer.leave();
    assert.equal(stage.describeConsumer().members.length, 1);
    classic.follow();
    assert.deepEqual(classic.holds, [0, 1, 2, 3]);
  });

  test('an instance that comes back with the classic protocol takes the group with it, undisturbed', () => {
    const { stage, classic } = classicGroup();
    const consumer = new StageMember(stage, 'k', { ...names('t'), instanceId: 'i' });
    consumer.beat();
    classic.follow();
    settle([consumer]);
    classic.follow();
    consumer.leave(-2);
    const back = new ClassicConsumer(stage);
    back.instanceId = 'i';
    const { errorCode } = back.join();
    assert.equal(errorCode, errors.NONE);
    assert.equal(stage.describe().groupState, 'Stable');
    assert.equal(back.sync(), errors.NONE);
    assert.equal(back.holds.length, 2);
    assert.deepEqual(
      [...back.holds, ...classic.holds].sort((left, right) => left - right),
      [0, 1, 2, 3],
    );
  });
});

suite('groups without members', () => {
  test('a consumer comes into an empty classic group, and a classic member into an empty consumer group', () => {
    const { stage, classic } = classicGroup();
    stage.leave([{ memberId: classic.id, groupInstanceId: null }]);
    assert.equal(stage.describe().groupState, 'Empty');
    const consumer = new StageMember(stage, 'k', names('t'));
    settle([consumer]);
    assert.equal(stage.describe().isFound, false);
    consumer.leave();
    const again = new ClassicConsumer(stage);
    const joining = again.joinLater();
    stage.time.pass(1);
    assert.equal(joining.get().errorCode, errors.NONE);
    assert.equal(stage.describe().groupState, 'CompletingRebalance');
  });

  test('offsets outlive all of it', () => {
    const { stage, classic } = classicGroup();
    stage.commit({ memberId: classic.id, generationId: classic.generation });
    const consumer = new StageMember(stage, 'k', names('t'));
    consumer.beat();
    consumer.leave();
    stage.leave([{ memberId: classic.id, groupInstanceId: null }]);
    assert.deepEqual(stage.offsets(), { 't-0': 5 });
    assert.deepEqual(stage.restart().offsets(), { 't-0': 5 });
  });
});
