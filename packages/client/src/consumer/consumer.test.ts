/** What a consumer does when brokers forget, move, lose and damage what it reads. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { errors } from '@millrace/protocol';

import type { ClientError } from '../error.ts';
import { notLeader, ReadStage, stagedBatch, stagedPartition } from './read-stage.ts';

const partitions = [stagedPartition];
const many = (count: number, from = 0, epoch = 0) =>
  Array.from({ length: count }, (_, index) => stagedBatch(from + index, 1, epoch));
const values = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => `v${from + index}`);

suite('consumer', () => {
  test('opens a session, and another one when the broker has forgotten it', async () => {
    await using stage = new ReadStage();
    stage.batches = many(2);
    await stage.consumer.assign(partitions);
    assert.deepEqual(await stage.read(2), ['v0', 'v1']);
    stage.wholeRefusal = () => ({ errorCode: errors.FETCH_SESSION_ID_NOT_FOUND });
    const before = stage.fetches.length;
    const reading = stage.read(1);
    while (stage.fetches.length < before + 2) await new Promise(setImmediate);
    stage.wholeRefusal = () => undefined;
    stage.batches.push(stagedBatch(2));
    assert.deepEqual(await reading, ['v2']);
    assert.deepEqual([stage.fetches[0]!.sessionId, stage.fetches[0]!.sessionEpoch], [0, 0]);
    assert.ok(
      stage.fetches
        .slice(before)
        .some(({ sessionId, sessionEpoch, offset }) => sessionId === 0 && sessionEpoch === 0 && offset === 2n),
    );
  });

  test('lets a quiet broker hold its answer for longer, and asks on another connection for what must not wait', async () => {
    await using stage = new ReadStage({ 'fetch.max.wait.ms': 60_000 });
    stage.holdMs = (maxWaitMs) => (maxWaitMs > 60_000 ? maxWaitMs : 0);
    stage.batches = many(2);
    await stage.consumer.assign(partitions);
    assert.deepEqual(await stage.read(2), ['v0', 'v1']);
    while (stage.fetches.at(-1)!.maxWaitMs === 60_000) await new Promise(setImmediate);
    const parked = stage.fetches.length;
    assert.equal(stage.fetches.at(-1)!.maxWaitMs, 600_000);
    stage.consumer.pause(partitions);
    stage.consumer.resume(partitions);
    assert.equal(stage.fetches.length, parked, 'nothing new is wanted');
    stage.consumer.seek(stagedPartition, 1n);
    assert.deepEqual(await stage.read(1), ['v1']);
    const { sessionEpoch, maxWaitMs, offset } = stage.fetches[parked]!;
    assert.deepEqual({ sessionEpoch, maxWaitMs, offset }, { sessionEpoch: 0, maxWaitMs: 60_000, offset: 1n });
  });

  test('follows the leader that a refusal names, without asking where it is', async () => {
    await using stage = new ReadStage();
    stage.batches = many(1);
    await stage.consumer.assign(partitions);
    await stage.read(1);
    // Whoever asks is still told of the old leader.
    stage.refusal = ({ brokerId }) =>
      brokerId === 1 ? { ...notLeader, currentLeader: { leaderId: 2, leaderEpoch: 1 } } : undefined;
    stage.batches.push(stagedBatch(1, 1, 1));
    assert.deepEqual(await stage.read(1), ['v1']);
    assert.equal(stage.fetches.at(-1)?.brokerId, 2);
    assert.equal(stage.brokers[1].count('offsetForLeaderEpoch'), 1);
  });

  test('reads from the replica that the leader names, and goes back to the leader when that has not got the offset', async () => {
    await using stage = new ReadStage({ 'client.rack': 'here' });
    stage.batches = many(1);
    stage.refusal = ({ brokerId, offset }) => {
      if (brokerId === 1)
        return stage.fetches.some((one) => one.brokerId === 2) ? undefined : { preferredReadReplica: 2, records: null };
      return offset > 0n ? { errorCode: errors.OFFSET_OUT_OF_RANGE } : undefined;
    };
    await stage.consumer.assign(partitions);
    assert.deepEqual(await stage.read(1), ['v0']);
    stage.batches.push(stagedBatch(1));
    assert.deepEqual(await stage.read(1), ['v1']);
    assert.equal(stage.fetches.at(-1)?.brokerId, 1);
  });

  test('what a new leader lacks is read again when nobody has seen it, and told when somebody has', async () => {
    await using stage = new ReadStage({ 'auto.offset.reset': 'none', 'max.poll.records': 1 });
    stage.batches = many(5);
    await stage.consumer.assign(partitions);
    stage.consumer.seek(stagedPartition, 0n);
    assert.deepEqual(await stage.read(2), ['v0', 'v1']);
    // Offsets 3 and 4 are buffered and were never given out: the new leader has others there.
    stage.leader = { id: 2, epoch: 1 };
    stage.ends.set(0, { leaderEpoch: 0, endOffset: 3n });
    stage.batches = [...many(3), ...many(4, 3, 1)];
    stage.refusal = ({ brokerId }) => (brokerId === 1 ? notLeader : undefined);
    while (!stage.fetches.some(({ brokerId, offset }) => brokerId === 2 && offset === 2n))
      await new Promise(setImmediate);
    assert.deepEqual(await stage.read(5), values(2, 7));
    // Now what was given out is gone, too.
    stage.leader = { id: 1, epoch: 2 };
    stage.ends.set(1, { leaderEpoch: 1, endOffset: 5n });
    stage.refusal = ({ brokerId }) => (brokerId === 2 ? notLeader : undefined);
    await assert.rejects(stage.read(1), { code: 'LOG_TRUNCATED', message: /below offset 7.*ends at 5/ });
    stage.consumer.seek(stagedPartition, 5n);
    assert.deepEqual(await stage.read(1), ['v5']);
  });

  test('with a policy, reading goes on where the logs part', async () => {
    await using stage = new ReadStage();
    stage.batches = many(5);
    await stage.consumer.assign(partitions);
    await stage.read(5);
    stage.leader = { id: 2, epoch: 1 };
    stage.ends.set(0, { leaderEpoch: 0, endOffset: 3n });
    stage.batches = [...many(3), ...many(1, 3, 1)];
    stage.refusal = ({ brokerId }) => (brokerId === 1 ? notLeader : undefined);
    assert.deepEqual(await stage.read(1), ['v3']);
  });

  test('a damaged batch is told when reading comes to it, and can be left out', async () => {
    await using stage = new ReadStage();
    stage.batches = many(3);
    stage.batches[1]!.bytes[65]! ^= 1;
    await stage.consumer.assign(partitions);
    assert.deepEqual(await stage.read(1), ['v0']);
    const damaged = { code: 'CORRUPT_MESSAGE', message: /offset 1 of t-0 is damaged.*Seek to 2/ };
    await assert.rejects(stage.read(1), damaged);
    await assert.rejects(stage.read(1), damaged);
    assert.equal(await stage.consumer.position(stagedPartition), 1n);
    stage.consumer.seek(stagedPartition, 2n);
    assert.deepEqual(await stage.read(1), ['v2']);
  });

  test('a broker that never sends a whole batch is not asked for ever', async () => {
    await using stage = new ReadStage();
    stage.batches = many(1);
    stage.refusal = () => ({ records: stage.batches[0]!.bytes.subarray(0, 40) });
    await stage.consumer.assign(partitions);
    await assert.rejects(stage.read(1), { code: 'RECORD_LIST_TOO_LARGE' });
  });

  test('what nobody reads is fetched up to a limit, and no further', async () => {
    const value = 10;
    await using stage = new ReadStage({ 'max.partition.fetch.bytes': 1000 });
    stage.batches = many(200);
    const bytes = stage.batches[0]!.bytes.length;
    await stage.consumer.assign(partitions);
    assert.deepEqual(await stage.read(1), ['v0']);
    while ((stage.fetches.at(-1)?.offset ?? 0n) * BigInt(bytes) < 1000n) await new Promise(setImmediate);
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    assert.ok(Number(stage.fetches.at(-1)!.offset) * bytes <= 2 * 1000 + value * bytes);
    assert.deepEqual(await stage.read(199), values(1, 200));
  });

  test('a topic that may not be read is told once a try, and read when it may be', async () => {
    await using stage = new ReadStage();
    stage.batches = many(1);
    stage.refusal = () => ({ errorCode: errors.TOPIC_AUTHORIZATION_FAILED });
    await stage.consumer.assign(partitions);
    await assert.rejects(stage.read(1), { code: 'TOPIC_AUTHORIZATION_FAILED', message: /Fetching t-0/ });
    stage.refusal = () => undefined;
    // What was refused before may be told behind that.
    const reread = async (): Promise<string[]> =>
      await stage.read(1).catch((error: ClientError) => {
        assert.equal(error.code, 'TOPIC_AUTHORIZATION_FAILED');
        return reread();
      });
    assert.deepEqual(await reread(), ['v0']);
  });

  test('an aborted reader gives no further record, and the next one goes on there', async () => {
    await using stage = new ReadStage();
    stage.batches = [stagedBatch(0, 100)];
    await stage.consumer.assign(partitions);
    const seen: string[] = [];
    const first = new AbortController();
    await stage.consumer.run({
      eachRecord: ({ value }) => {
        if (seen.push(String(value)) === 3) first.abort();
      },
      signal: first.signal,
    });
    assert.deepEqual(seen, values(0, 3));
    const second = new AbortController();
    const reading = async (): Promise<void> => {
      for await (const { value } of stage.consumer.records({ signal: second.signal }))
        if (seen.push(String(value)) === 7) second.abort();
    };
    await assert.rejects(reading(), { code: 'ABORTED' });
    assert.deepEqual(seen, values(0, 7));
    assert.deepEqual(await stage.read(93), values(7, 100));
  });

  test('a reader without an end lets the loop turn', async () => {
    await using stage = new ReadStage();
    stage.batches = [stagedBatch(0, 20_000)];
    await stage.consumer.assign(partitions);
    const stop = new AbortController();
    let count = 0;
    let isOver = false;
    const turned = new Promise<number>((resolve) => {
      const look = (): void => {
        if (count > 0) resolve(count);
        else setImmediate(look);
      };
      look();
    });
    const running = stage.consumer.run({
      eachRecord: ({ value }) => {
        for (let spin = 0; spin < 2000; spin++) isOver = value?.length === 0;
        if (++count === 20_000) stop.abort();
      },
      signal: stop.signal,
    });
    assert.ok((await turned) < 20_000);
    await running;
    assert.deepEqual([count, isOver], [20_000, false]);
  });
});
