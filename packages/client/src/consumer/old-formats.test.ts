import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { goldenMessageLines, goldenMessages, messageLine } from '@millrace/testkit';

import type { ConsumerOptions } from './consumer-options.ts';
import { ReadStage, stagedPartition } from './read-stage.ts';

/** A consumer of a broker whose log begins with messages of old formats: whole ones from the wanted offset on, and a torn tail. */
function stagedLog(bytes: Buffer, answerBytes: number, options: Partial<ConsumerOptions> = {}): ReadStage {
  const starts: { at: number; nextOffset: bigint }[] = [];
  for (let at = 0; at < bytes.length; at += 12 + bytes.readInt32BE(at + 8)) {
    const lastDelta = bytes[at + 16] === 2 ? bytes.readInt32BE(at + 23) : 0;
    starts.push({ at, nextOffset: bytes.readBigInt64BE(at) + BigInt(lastDelta) + 1n });
  }
  const end = starts.at(-1)!.nextOffset;
  const stage = new ReadStage({ 'check.crcs': true, ...options });
  stage.refusal = ({ offset }) => {
    const from = starts.find(({ nextOffset }) => nextOffset > offset);
    if (from === undefined) return undefined;
    const first = 12 + bytes.readInt32BE(from.at + 8);
    const records = bytes.subarray(from.at, from.at + Math.max(first, answerBytes));
    const abortedTransactions = [{ producerId: 4000, firstOffset: 33n }];
    return { records, highWatermark: end, lastStableOffset: end, abortedTransactions };
  };
  return stage;
}

async function lines({ consumer }: ReadStage, count: number): Promise<string[]> {
  await consumer.assign([stagedPartition]);
  const read: string[] = [];
  for await (const record of consumer) if (read.push(messageLine(record)) === count) break;
  return read;
}

suite('a consumer of messages in old formats', () => {
  for (const answerBytes of [1, 100, 333, 1 << 20])
    test(`reads formats 0, 1 and 2 out of answers of ${answerBytes} bytes as Java does`, async () => {
      await using stage = stagedLog(goldenMessages('mixed'), answerBytes, { 'isolation.level': 'read_uncommitted' });
      const expected = goldenMessageLines('mixed');
      assert.deepEqual(await lines(stage, expected.length), expected);
      assert.equal(await stage.consumer.position(stagedPartition), 41n);
    });

  test('leaves out transactions that were aborted among them', async () => {
    await using stage = stagedLog(goldenMessages('mixed'), 400, { 'isolation.level': 'read_committed' });
    const expected = goldenMessageLines('mixed').filter((line) => !/^3[345]\t/.test(line));
    assert.deepEqual(await lines(stage, expected.length), expected);
  });

  test('begins in the middle of a wrapper', async () => {
    await using stage = stagedLog(goldenMessages('v1-snappy-large'), 1 << 20);
    const { consumer } = stage;
    await consumer.assign([stagedPartition]);
    consumer.seek(stagedPartition, 250n);
    for await (const record of consumer) {
      assert.equal(messageLine(record), goldenMessageLines('v1-snappy-large')[150]);
      break;
    }
  });

  test('says which messages are damaged, and reads on behind them', async () => {
    const bytes = goldenMessages('mixed');
    const second = 12 + bytes.readInt32BE(8);
    bytes[second + 12] = bytes[second + 12]! ^ 1;
    await using stage = stagedLog(bytes, 1 << 20);
    await assert.rejects(lines(stage, 2), {
      code: 'CORRUPT_MESSAGE',
      message: /up to offset 11 of t-0 .* Seek to 12 /,
    });
    stage.consumer.seek(stagedPartition, 12n);
    for await (const record of stage.consumer) {
      assert.equal(messageLine(record), goldenMessageLines('mixed')[2]);
      break;
    }
  });
});
