import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { errors } from '@millrace/protocol';

import { keyOf } from './share-source.ts';
import { ShareSession } from './share-session.ts';

/** Partitions of topic "a" with id "A", or "b" with "B". */
function wanted(...names: string[]): Map<string, { topic: string; topicId: string; partition: number }> {
  return new Map(
    names.map((name) => {
      const topicId = name[0]!.toUpperCase();
      const partition = Number(name.slice(1));
      return [keyOf(topicId, partition), { topic: name[0]!, topicId, partition }];
    }),
  );
}

suite('a share session', () => {
  test('names everything at first, then only what is new or gone', () => {
    const session = new ShareSession();
    const first = session.next(wanted('a0', 'b1'));
    assert.equal(first.shareSessionEpoch, 0);
    assert.equal(first.added.length, 2);
    session.answered(errors.NONE);
    assert.deepEqual(session.next(wanted('a0', 'b1')), { shareSessionEpoch: 1, added: [], forgotten: [] });
    session.answered(errors.NONE);
    const third = session.next(wanted('a0', 'a1'));
    assert.equal(third.shareSessionEpoch, 2);
    assert.deepEqual(
      third.added.map(({ topic, partition }) => [topic, partition]),
      [['a', 1]],
    );
    assert.deepEqual(third.forgotten, [{ topicId: 'B', partitions: [1] }]);
    assert.equal(session.has(keyOf('A', 1)), true);
  });

  test('begins anew after any refusal, and counts on behind the last epoch', () => {
    const session = new ShareSession();
    for (const code of [errors.SHARE_SESSION_NOT_FOUND, errors.UNKNOWN_SERVER_ERROR]) {
      session.next(wanted('a0'));
      session.answered(errors.NONE);
      session.next(wanted('a0'));
      session.answered(code);
      assert.equal(session.isOpen, false);
      const again = session.next(wanted('a0'));
      assert.equal(again.shareSessionEpoch, 0);
      assert.equal(again.added.length, 1);
    }
  });
});
