import assert from 'node:assert/strict';
import { test } from 'node:test';

import { decodeLeaderEpochs, LeaderEpochs } from './leader-epochs.ts';

const epochs = (): LeaderEpochs =>
  new LeaderEpochs([
    { epoch: 2, startOffset: 0 },
    { epoch: 3, startOffset: 20 },
    { epoch: 6, startOffset: 50 },
  ]);

test('tells where an epoch ends, as Kafka does for known, unknown and missing ones', () => {
  const known = epochs();
  assert.deepEqual(known.endOf(2, 100), { epoch: 2, endOffset: 20 });
  assert.deepEqual(known.endOf(3, 100), { epoch: 3, endOffset: 50 });
  assert.deepEqual(known.endOf(6, 100), { epoch: 6, endOffset: 100 });
  assert.deepEqual(known.endOf(5, 100), { epoch: 3, endOffset: 50 }, 'between two');
  assert.deepEqual(known.endOf(1, 100), { epoch: 1, endOffset: 0 }, 'before the first');
  assert.deepEqual(known.endOf(7, 100), { epoch: -1, endOffset: -1 }, 'of the future');
  assert.deepEqual(new LeaderEpochs().endOf(0, 100), { epoch: -1, endOffset: -1 });
});

test('tells the epoch of a record', () => {
  const known = epochs();
  assert.deepEqual(
    [0, 19, 20, 49, 50, 99].map((offset) => known.epochOf(offset)),
    [2, 2, 3, 3, 6, 6],
  );
  known.cutStart(30);
  assert.equal(known.epochOf(29), -1);
});

test('a new epoch replaces what stood for later epochs and offsets', () => {
  const known = epochs();
  known.assign(6, 60);
  assert.equal(known.all.length, 3, 'the same epoch goes on');
  known.assign(7, 40);
  assert.deepEqual(
    known.all.map(({ epoch }) => epoch),
    [2, 3, 7],
  );
});

test('cutting either side keeps the epoch that is going on there', () => {
  const known = epochs();
  known.cutEnd(50);
  assert.equal(known.latest, 3);
  known.cutStart(30);
  assert.deepEqual(known.all, [{ epoch: 3, startOffset: 30 }]);
});

test('knows from which offset on the file tells something else', () => {
  const known = epochs();
  assert.equal(known.unsavedFrom, Number.POSITIVE_INFINITY);
  known.assign(8, 70);
  assert.equal(known.unsavedFrom, 70);
  const { version } = known;
  known.cutEnd(30);
  assert.equal(known.unsavedFrom, 50);
  known.saved(version);
  assert.equal(known.unsavedFrom, 50, 'what was saved is not the newest');
  known.saved(known.version);
  assert.equal(known.unsavedFrom, Number.POSITIVE_INFINITY);
});

test("is written and read in Kafka's format, and anything else is refused", () => {
  assert.equal(epochs().encode(), '0\n3\n2 0\n3 20\n6 50\n');
  assert.deepEqual(decodeLeaderEpochs('0\n3\n2 0\n3 20\n6 50\n')?.all, epochs().all);
  assert.equal(decodeLeaderEpochs('0\n0\n')?.all.length, 0);
  for (const text of ['', '1\n0\n', '0\n2\n2 0\n', '0\n1\n2 x\n', '0\n2\n3 0\n2 10\n', '0\n2\n2 10\n3 10\n']) {
    assert.equal(decodeLeaderEpochs(text), undefined, JSON.stringify(text));
  }
});
