/** What a share consumer says to brokers that forget, move and refuse. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { isClientError } from '../error.ts';
import { ShareConsumer } from './share-consumer.ts';
import { ShareStage } from './share-stage.ts';

const explicit = { 'share.acknowledgement.mode': 'explicit' } as const;

suite('a share consumer', () => {
  test('acknowledges with the next fetch what was handed out before, and fetches nothing ahead', async () => {
    await using stage = new ShareStage({ 'max.poll.records': 3 });
    stage.stock = [
      { from: 0, count: 3 },
      { from: 3, count: 2 },
    ];
    const reader = stage.consumer[Symbol.asyncIterator]();
    for (let index = 0; index < 3; index++) await reader.next();
    await stage.until(() => stage.beats.length > 3);
    assert.equal(stage.stock.length, 1);
    await reader.next();
    assert.deepEqual(stage.story, ['fetch@1 0', 'fetch@1 n 0-2:1']);
    assert.ok(stage.asked.every(({ maxRecords }) => maxRecords === 3));
    assert.deepEqual(
      stage.asked.map(({ epoch }) => epoch),
      stage.asked.map((_, index) => index),
    );
    await reader.return?.();
    assert.deepEqual(
      (await stage.consumer.commitSync()).map(({ ranges, error }) => [ranges, error]),
      [[[{ firstOffset: 3n, lastOffset: 3n, type: 'accept' }], undefined]],
    );
    await stage.consumer.close();
    assert.equal(stage.story.at(-1), 'ack@1 -1 4-4:2');
    assert.equal(stage.beats.at(-1)!.epoch, -1);
  });

  test('a session that the broker forgot is opened anew, and what it held is said to be lost', async () => {
    await using stage = new ShareStage(explicit);
    stage.stock = [{ from: 0, count: 2 }];
    for await (const record of stage.consumer) {
      stage.consumer.acknowledge(record);
      if (record.offset === 1n) break;
    }
    stage.refusals.set('shareAcknowledge', ['SHARE_SESSION_NOT_FOUND']);
    const [result] = await stage.consumer.commitSync();
    assert.equal(result!.error?.code, 'SHARE_SESSION_NOT_FOUND');
    assert.deepEqual(stage.results, [result]);
    stage.refusals.set('shareFetch', ['INVALID_SHARE_SESSION_EPOCH']);
    stage.stock = [{ from: 2, count: 1 }];
    assert.deepEqual(await stage.take(1), [2n]);
    const opened = stage.asked.slice(-2);
    assert.deepEqual(
      opened.map(({ epoch, added, acks }) => [epoch, added, acks]),
      [
        [0, [0], ''],
        [0, [0], ''],
      ],
    );
  });

  test('a lost connection ends the session: records in hand are not handed out, and acknowledgements fail', async () => {
    await using stage = new ShareStage();
    stage.stock = [{ from: 0, count: 5 }];
    const reader = stage.consumer[Symbol.asyncIterator]();
    await reader.next();
    await reader.next();
    stage.refusals.set('shareAcknowledge', ['SHARE_SESSION_NOT_FOUND']);
    for (const connection of stage.brokers[0]!.connections) connection.destroy();
    const results = await stage.consumer.commitSync();
    assert.equal(results[0]!.error?.code, 'SHARE_SESSION_NOT_FOUND');
    stage.stock = [{ from: 7, count: 1 }];
    assert.equal((await reader.next()).value?.offset, 7n);
  });

  test('follows the leader that an answer names', async () => {
    await using stage = new ShareStage();
    stage.stock = [{ from: 0, count: 1 }];
    assert.deepEqual(await stage.take(1), [0n]);
    stage.leader = 2;
    stage.stock = [{ from: 1, count: 1 }];
    assert.deepEqual(await stage.take(1), [1n]);
    assert.equal(stage.asked.at(-1)!.broker, 2);
    assert.deepEqual(stage.asked.filter(({ broker }) => broker === 2).map(({ epoch, added }) => [epoch, added])[0], [
      0,
      [0],
    ]);
  });

  test('a member that was fenced joins again under its name', async () => {
    await using stage = new ShareStage();
    await stage.until(() => stage.beats.length >= 3);
    assert.deepEqual(stage.beats.slice(0, 2), [
      { epoch: 0, topics: ['t'] },
      { epoch: 1, topics: null },
    ]);
    stage.refusals.set('shareGroupHeartbeat', ['UNKNOWN_MEMBER_ID']);
    const before = stage.beats.length;
    await stage.until(() => stage.beats.slice(before).some(({ epoch }) => epoch === 0));
    stage.stock = [{ from: 0, count: 1 }];
    assert.deepEqual(await stage.take(1), [0n]);
  });

  test('renewals go on their own, and are refused where the broker knows none', async () => {
    for (const version of [1, 2]) {
      await using stage = new ShareStage(explicit);
      stage.shareVersionMax = version;
      stage.stock = [{ from: 0, count: 2 }];
      const records = [];
      for await (const record of stage.consumer) if (records.push(record) === 2) break;
      stage.consumer.acknowledge(records[0]!, 'accept');
      stage.consumer.acknowledge(records[1]!, 'renew');
      const results = await stage.consumer.commitSync();
      const sent = stage.asked.at(-1)!;
      assert.equal(sent.acks, version === 1 ? '0-0:1' : '0-0:1 1-1:4');
      assert.equal(sent.isRenewAck, version === 2);
      const codes = results.map(({ ranges, error }) => `${ranges.map(({ type }) => type).join()}:${error?.code}`);
      assert.deepEqual(codes, version === 1 ? ['renew:UNSUPPORTED', 'accept:undefined'] : ['accept,renew:undefined']);
      stage.consumer.acknowledge({ topic: 't', partition: 0, offset: 1n }, 'reject');
      await stage.consumer.commitSync();
      assert.equal(stage.asked.at(-1)!.acks, '1-1:3');
    }
  });

  test('acknowledgements of a slow reader do not wait for its next fetch', async () => {
    await using stage = new ShareStage();
    stage.lockMs = 400;
    stage.stock = [{ from: 0, count: 3 }];
    const reader = stage.consumer[Symbol.asyncIterator]();
    await reader.next();
    await reader.next();
    await stage.until(() => stage.story.includes('ack@1 n 0-0:1'));
    assert.equal(stage.asked.filter(({ acks }) => acks !== '').length, 1);
  });

  test('handlers work side by side; a record is accepted when its own is done', async () => {
    await using stage = new ShareStage();
    stage.stock = [{ from: 0, count: 3 }];
    const gates = new Map<bigint, () => void>();
    const running = stage.consumer.run({
      concurrency: 2,
      eachRecord: ({ offset }) => new Promise<void>((resolve) => gates.set(offset, resolve)),
    });
    await stage.until(() => gates.size === 2);
    gates.get(1n)!();
    await stage.until(() => gates.size === 3);
    const [result] = await stage.consumer.commitSync();
    assert.deepEqual(result!.ranges, [{ firstOffset: 1n, lastOffset: 1n, type: 'accept' }]);
    const closing = stage.consumer.close();
    gates.get(0n)!();
    gates.get(2n)!();
    await closing;
    await running;
    assert.equal(stage.story.at(-1), 'ack@1 -1 0-0:1 2-2:1');
  });

  test('after a handler has failed no other is called, even where the loop had to turn meanwhile', async () => {
    await using stage = new ShareStage();
    stage.stock = [{ from: 0, count: 3 }];
    const seen: bigint[] = [];
    const eachRecord = async ({ offset }: { offset: bigint }): Promise<void> => {
      seen.push(offset);
      for (const untilMs = performance.now() + 20; performance.now() < untilMs;);
      await new Promise(setImmediate);
      throw new RangeError('no');
    };
    await assert.rejects(stage.consumer.run({ eachRecord, concurrency: 2 }), { code: 'HANDLER' });
    assert.deepEqual(seen, [0n]);
  });

  test('a refused acknowledgement is told with its reason, and reading goes on', async () => {
    await using stage = new ShareStage();
    stage.stock = [
      { from: 0, count: 1 },
      { from: 1, count: 1 },
    ];
    stage.acknowledgeError = 'INVALID_RECORD_STATE';
    assert.deepEqual(await stage.take(2), [0n, 1n]);
    assert.equal(stage.results[0]!.error?.code, 'INVALID_RECORD_STATE');
    assert.match(stage.results[0]!.error.message, /t-0.*b1:9092/);
  });

  test('with record_limit asks one broker at a time, and lets none wait before all have said that they have nothing', async () => {
    const options = { 'share.acquire.mode': 'record_limit', 'max.poll.records': 2, 'fetch.max.wait.ms': 5 } as const;
    await using stage = new ShareStage(options, [1, 2, 2]);
    const mine = stage.partitions[2]!;
    mine.stock = [
      { from: 0, count: 2 },
      { from: 2, count: 2 },
      { from: 4, count: 2 },
    ];
    assert.deepEqual(await stage.take(6), [0n, 1n, 2n, 3n, 4n, 5n]);
    const waits = (): number[] => stage.asked.map(({ maxWaitMs }) => maxWaitMs);
    assert.ok(
      waits().every((waitMs) => waitMs === 0),
      'somebody may have something',
    );
    const { length } = stage.asked;
    const waiting = stage.take(1);
    await stage.until(() => stage.asked.length >= length + 4);
    assert.deepEqual(waits().slice(length, length + 4), [0, 0, 5, 5]);
    mine.stock = [{ from: 6, count: 1 }];
    assert.deepEqual(await waiting, [6n]);
    const before = stage.asked.length;
    mine.stock = [{ from: 7, count: 1 }];
    assert.deepEqual(await stage.take(1), [7n]);
    assert.ok(
      waits()
        .slice(before)
        .every((waitMs) => waitMs === 0),
      'since something came',
    );
    const brokers = stage.asked.map(({ broker }) => broker);
    assert.ok(
      brokers.every((broker, index) => broker !== brokers[index - 1]),
      'in turn',
    );
  });

  test('says at once what it cannot be told', async () => {
    const servers = { 'bootstrap.servers': 'b1:9092' };
    assert.throws(() => new ShareConsumer(servers), { code: 'CONFIG', message: /group\.id/ });
    const foreign = { ...servers, 'group.id': 'g', 'auto.offset.reset': 'earliest' };
    assert.throws(() => new ShareConsumer(foreign), { code: 'CONFIG', message: /share\.auto\.offset\.reset/ });
    await using stage = new ShareStage();
    stage.stock = [{ from: 0, count: 1 }];
    const reader = stage.consumer[Symbol.asyncIterator]();
    const { value } = await reader.next();
    assert.throws(() => stage.consumer.acknowledge(value!), { code: 'STATE', message: /explicit/ });
    assert.throws(() => stage.consumer.batches(), { code: 'STATE' });
    await stage.consumer.close();
    assert.deepEqual(await reader.next(), { value: undefined, done: true });
    await assert.rejects(stage.consumer.commitSync(), { code: 'CLOSED' });
  });

  test('a member that is not allowed in tells its reader', async () => {
    await using stage = new ShareStage();
    stage.refusals.set('shareGroupHeartbeat', ['GROUP_AUTHORIZATION_FAILED']);
    await assert.rejects(
      stage.take(1),
      (error) => isClientError(error) && error.code === 'GROUP_AUTHORIZATION_FAILED' && /"g"/.test(error.message),
    );
  });
});
