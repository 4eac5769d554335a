import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { encodeBatch } from '@millrace/protocol';
import { goldenMessages } from '@millrace/testkit';

import { decoderOf } from '../consumer/reading/decoded-record.ts';
import type { ClientError } from '../error.ts';
import { strings } from '../serdes/serdes.ts';
import type { Serde } from '../serdes/serde.ts';
import { acknowledgeCodes } from './acknowledgement.ts';
import { Delivery } from './delivery.ts';

const { accept, release, reject, renew } = acknowledgeCodes;
const rules = { checksAreCompared: true, isCopied: false };

/** A batch of records `v<offset>`. */
function batch(offset: number, count: number): Buffer {
  const records = Array.from({ length: count }, (_, index) => ({ value: Buffer.from(`v${offset + index}`) }));
  return encodeBatch(records, { baseOffset: offset });
}

/** Ranges as `first-last` or `first-last*deliveryCount`. */
function delivery(bytes: Buffer, ranges: string): Delivery {
  const acquired = ranges.split(' ').map((range) => {
    const [, first, last, count = '1'] = /^(-?\d+)-(\d+)(?:\*(\d+))?$/.exec(range)!;
    return { firstOffset: BigInt(first!), lastOffset: BigInt(last!), deliveryCount: Number(count) };
  });
  const place = { topic: 't', topicId: 'id', partition: 3, broker: 'b:1', counted: () => {} };
  return new Delivery({ ...place, bytes, acquired, lockedUntilMs: 1 });
}

async function opened(bytes: Buffer, ranges: string, value?: Serde<unknown>): Promise<[Delivery, ClientError[]]> {
  const one = delivery(bytes, ranges);
  return [one, await one.open(rules, value && decoderOf('t', { value }))];
}

const rest = (one: Delivery): string =>
  one
    .handAll()
    .map(({ value, deliveryCount }) => `${String(value)}*${deliveryCount}`)
    .join(' ');
/** What is sent, as `first-last:code`. */
const taken = (one: Delivery): string =>
  one
    .take()
    .map(({ firstOffset, lastOffset, code }) => `${firstOffset}-${lastOffset}:${code}`)
    .join(' ');

suite('a delivery', () => {
  test('gives the records that were acquired, with their counts, and calls offsets without records gaps', async () => {
    const bytes = Buffer.concat([batch(5, 3), batch(10, 4), batch(20, 2)]);
    const [one, faults] = await opened(bytes, '20-21 6-11*2 13-16');
    assert.deepEqual(faults, []);
    assert.equal(rest(one), 'v6*2 v7*2 v10*2 v11*2 v13*1 v20*1 v21*1');
    one.acceptHanded();
    assert.equal(taken(one), '6-7:1 8-9:0 10-11:1 13-13:1 14-16:0 20-21:1');
    assert.equal(one.isSettled, true);
  });

  test('of messages in old formats gives what was acquired of them, and rejects a damaged wrapper as a whole', async () => {
    const bytes = goldenMessages('mixed');
    const [one, faults] = await opened(Buffer.from(bytes), '11-13 21-30');
    assert.deepEqual([faults, one.left], [[], 6]);
    one.handAll();
    one.acceptHanded();
    assert.equal(taken(one), '11-13:1 21-21:0 22-22:1 23-23:0 24-24:1 25-29:0 30-30:1');
    const wrapper = bytes.indexOf(Buffer.from([0, 0, 0, 0, 0, 0, 0, 24]));
    bytes[wrapper + 12] = bytes[wrapper + 12]! ^ 1;
    const [other, [fault]] = await opened(bytes, '17-25');
    assert.equal(fault?.code, 'CORRUPT_MESSAGE');
    other.handAll();
    other.acceptHanded();
    assert.equal(taken(other), '17-17:1 18-24:3 25-25:0');
  });

  test('sends each word once, the last one, and records in a row that fare alike as one range', async () => {
    const [one] = await opened(batch(0, 6), '0-5');
    for (const [index, code] of [accept, accept, release, reject, reject].entries()) assert.ok(one.mark(index, code));
    assert.ok(one.mark(4, accept));
    assert.equal(taken(one), '0-1:1 2-2:2 3-3:3 4-4:1');
    assert.equal(one.mark(0, release), false);
    assert.equal(one.isSettled, false);
    assert.equal(one.isMarked, false);
    assert.ok(one.mark(5, accept));
    assert.equal(taken(one), '5-5:1');
    assert.equal(one.isSettled, true);
  });

  test('a renewed record is held until it is acknowledged', async () => {
    const [one] = await opened(batch(0, 2), '0-1');
    one.mark(0, accept);
    one.mark(1, renew);
    assert.equal(one.hasRenewals, true);
    assert.equal(taken(one), '0-0:1 1-1:4');
    assert.equal(one.isSettled, false);
    assert.ok(one.mark(1, accept));
    assert.equal(taken(one), '1-1:1');
  });

  test('what is with a handler is not accepted because others are', async () => {
    const [one] = await opened(batch(0, 3), '0-2');
    one.hand();
    one.begin(0);
    one.hand();
    one.acceptHanded();
    assert.equal(taken(one), '1-1:1');
    one.markHeld(0, accept);
    one.markHeld(0, release);
    one.releaseAll();
    assert.equal(taken(one), '0-0:1 2-2:2');
  });

  test('a damaged batch is rejected, and the others are read', async () => {
    const bytes = Buffer.concat([batch(0, 2), batch(2, 2), batch(4, 2)]);
    bytes[batch(0, 2).length + 70]! ^= 1;
    const [one, faults] = await opened(bytes, '1-5');
    assert.deepEqual(
      faults.map(({ code }) => code),
      ['CORRUPT_MESSAGE'],
    );
    assert.equal(rest(one), 'v1*1 v4*1 v5*1');
    assert.equal(taken(one), '2-3:3');
  });

  test('what was acquired and did not come is released', async () => {
    const [one] = await opened(batch(0, 2), '0-9');
    assert.equal(rest(one), 'v0*1 v1*1');
    assert.equal(taken(one), '2-9:2');
    const [none] = await opened(Buffer.alloc(0), '7-8');
    assert.equal(taken(none), '7-8:2');
    assert.equal(none.isSettled, true);
  });

  test('a record that cannot be read is released, unless somebody says otherwise in time', async () => {
    for (const isSoon of [false, true]) {
      const picky: Serde<unknown> = {
        ...strings,
        deserialize: (bytes) => {
          const text = Buffer.from(bytes).toString();
          if (text !== 'v1') return isSoon ? Promise.resolve(text) : text;
          if (isSoon) return Promise.reject(new Error('not this'));
          throw new Error('not this');
        },
      };
      const [one, faults] = await opened(batch(0, 3), '0-2', picky);
      assert.equal(faults.length, 1);
      assert.equal(faults[0]!.code, 'SERIALIZATION');
      assert.match(faults[0]!.message, /t-3, offset 1, .*not this/);
      assert.equal(rest(one), 'v0*1 v2*1');
      assert.equal(one.markOffset(9n, reject), undefined);
      if (isSoon) assert.equal(one.markOffset(1n, reject), true);
      assert.equal(one.markOffset(2n, accept), true);
      assert.equal(taken(one), isSoon ? '1-1:3 2-2:1' : '1-1:2 2-2:1');
      assert.equal(one.markOffset(1n, accept), false);
    }
  });

  test('one that nobody has opened is released whole', () => {
    const one = delivery(batch(0, 3), '0-1 2-2');
    one.releaseAll();
    assert.equal(taken(one), '0-1:2 2-2:2');
    assert.equal(one.left, 0);
  });

  test('after its time is over only what was handed out can be acknowledged', async () => {
    const [one] = await opened(batch(0, 3), '0-2');
    one.hand();
    one.lose();
    assert.equal(one.left, 0);
    assert.equal(one.mark(1, accept), false);
    assert.equal(one.mark(0, accept), true);
    assert.equal(taken(one), '0-0:1');
    assert.equal(one.isSettled, true);
  });

  test('ranges that cannot be are refused', () => {
    for (const ranges of ['3-2', '0-5 5-6', '-4-2', `0-${1n << 60n}`])
      assert.throws(() => delivery(batch(0, 1), ranges), { code: 'BROKEN_ANSWER', message: /b:1.*t-3/ }, ranges);
  });

  test('offsets near the end of their range stay exact', async () => {
    const from = 9_007_199_254_740_000;
    const [one] = await opened(batch(from, 2), `${from}-${from + 1}`);
    one.mark(1, accept);
    assert.equal(taken(one), `${from + 1}-${from + 1}:1`);
  });
});
