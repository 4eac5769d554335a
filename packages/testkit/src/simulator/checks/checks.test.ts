/** Each check against histories written by hand: one that it must complain about, and one like it that is in order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Happening, HistoryEvent, Isolation, SeenRecord } from '../history.ts';
import { acknowledgedRecords } from './acknowledged-records.ts';
import type { Check } from './check.ts';
import { groupOffsets, groupReadsAll } from './group-offsets.ts';
import { groupOwners } from './group-owners.ts';
import { noDuplicates } from './no-duplicates.ts';
import { oneValuePerOffset } from './one-value-per-offset.ts';
import { order } from './order.ts';
import { readers } from './readers.ts';
import { surprises } from './surprises.ts';
import { transactions } from './transactions.ts';
import { watermarks } from './watermarks.ts';

const place = { topic: 'orders', partition: 0 };

/** One event after the other, ten milliseconds apart; a question was asked five before its answer, unless it says otherwise. */
function history(...happenings: readonly Happening[]): HistoryEvent[] {
  return happenings.map((happening, index) => ({ atMs: index * 10, ...happening }));
}

function sent(values: readonly string[], guarantee: 'plain' | 'idempotent' = 'idempotent'): Happening {
  return { kind: 'sent', ...place, producer: values[0]!.split('/')[0]!, guarantee, values };
}

function sentIn(transaction: string, values: readonly string[]): Happening {
  return { kind: 'sent', ...place, producer: 'bank', guarantee: 'transactional', values, transaction };
}

function acked(values: readonly string[], baseOffset: number, acks = -1): Happening {
  return { kind: 'acked', ...place, producer: values[0]!.split('/')[0]!, values, baseOffset, acks };
}

function read(
  records: readonly SeenRecord[],
  to: number,
  isolation: Isolation = 'uncommitted',
  by = 'tail',
): Happening {
  return { kind: 'read', ...place, by, isolation, from: 0, to, records };
}

function final(records: readonly SeenRecord[], options: { from?: number; isolation?: Isolation } = {}): Happening {
  const { from = 0, isolation = 'uncommitted' } = options;
  return { kind: 'final', ...place, isolation, from, to: 100, records };
}

function marks(
  askedAtMs: number,
  highWatermark: number,
  lastStableOffset = highWatermark,
  logStartOffset = 0,
): Happening {
  return { kind: 'watermarks', ...place, by: 'tail', askedAtMs, highWatermark, lastStableOffset, logStartOffset };
}

function owned(generation: number, member: string, partition: number, askedAtMs: number): Happening {
  const partitions = [{ topic: 'orders', partition }];
  return { kind: 'owned', group: 'readers', generation, member, askedAtMs, partitions };
}

function ownEpoch(generation: number, member: string, askedAtMs: number): Happening {
  return { kind: 'owned', group: 'new', generation, member, ownEpoch: true, askedAtMs, partitions: [] };
}

function committed(offset: number, askedAtMs: number): Happening {
  return { kind: 'committed', ...place, group: 'readers', member: 'm', askedAtMs, offset };
}

function stored(offset: number, askedAtMs: number, isFinal = false): Happening {
  return { kind: 'stored', ...place, group: 'readers', askedAtMs, offset, isFinal };
}

function complains(name: string, check: Check, wrong: readonly Happening[], right: readonly Happening[]): void {
  test(name, () => {
    assert.equal(check(history(...wrong)).length > 0, true, 'the wrong one is found');
    assert.deepEqual(check(history(...right)), []);
  });
}

const [a0, a1, a2] = ['a/0/0', 'a/0/1', 'a/0/2'];

complains(
  'an acknowledged record that is not there',
  acknowledgedRecords,
  [sent([a0]), acked([a0], 0), final([])],
  [sent([a0]), acked([a0], 0), final([[0, a0]])],
);
complains(
  'an acknowledged record at another offset',
  acknowledgedRecords,
  [
    acked([a0, a1], 0),
    final([
      [0, a0],
      [2, a1],
    ]),
  ],
  [
    acked([a0, a1], 1),
    final([
      [1, a0],
      [2, a1],
    ]),
  ],
);
complains(
  'records before the start of the log may be gone, and those that only one had',
  acknowledgedRecords,
  [acked([a0], 5), final([], { from: 5 })],
  [acked([a0], 4), acked([a1], 7, 1), final([], { from: 5 })],
);
complains(
  'an offset that changes its value',
  oneValuePerOffset,
  [sent([a0]), sent([a1]), read([[0, a0]], 1), final([[0, a1]])],
  [
    sent([a0]),
    sent([a1]),
    read([[0, a0]], 1),
    final([
      [0, a0],
      [1, a1],
    ]),
  ],
);
complains(
  'a value that nobody sent',
  oneValuePerOffset,
  [read([[0, a0]], 1), sent([a0])],
  [sent([a0]), read([[0, a0]], 1)],
);
complains(
  'a producer whose records stand in another order',
  order,
  [
    sent([a0]),
    sent([a1]),
    final([
      [0, a1],
      [1, a0],
    ]),
  ],
  [
    sent([a0]),
    sent([a1]),
    final([
      [0, a0],
      [1, a1],
    ]),
  ],
);
complains(
  'a record before one that was acknowledged before it was sent',
  order,
  [sent([a0], 'plain'), acked([a0], 3), sent(['b/0/0'], 'plain'), acked(['b/0/0'], 2)],
  [sent([a0], 'plain'), sent(['b/0/0'], 'plain'), acked([a0], 3), acked(['b/0/0'], 2)],
);
complains(
  'a record that is there twice',
  noDuplicates,
  [
    sent([a0]),
    final([
      [0, a0],
      [1, a0],
    ]),
  ],
  [
    sent([a0], 'plain'),
    final([
      [0, a0],
      [1, a0],
    ]),
  ],
);
complains('a high watermark that goes back', watermarks, [marks(0, 5), marks(5, 4)], [marks(0, 5), marks(0, 4)]);
complains(
  'a last stable offset that goes back',
  watermarks,
  [marks(0, 5, 5), marks(5, 5, 4)],
  [marks(0, 5, 4), marks(5, 5, 5)],
);
complains('a last stable offset above the high watermark', watermarks, [marks(0, 5, 6)], [marks(0, 6, 6)]);
complains(
  'a log that starts later although nobody let records go',
  watermarks,
  [marks(0, 5, 5, 2)],
  [{ kind: 'trimmed', topic: 'orders' }, marks(0, 5, 5, 2)],
);
complains(
  'a high watermark below what was acknowledged',
  watermarks,
  [acked([a0, a1], 3), marks(5, 4)],
  [acked([a0, a1], 3), marks(5, 5), acked([a2], 5), marks(20, 5)],
);
complains(
  'a stored offset that goes back',
  groupOffsets,
  [committed(5, 0), stored(4, 5)],
  [committed(5, 0), stored(4, 0)],
);
complains(
  'an old member that stores after a new one',
  groupOffsets,
  [committed(9, 0), committed(7, 5)],
  [committed(7, 0), committed(9, 5), stored(9, 15)],
);
complains(
  'a record that no member of the group was given',
  groupReadsAll,
  [
    owned(1, 'x', 0, 0),
    read([[1, a1]], 2, 'uncommitted', 'readers.1'),
    final([
      [0, a0],
      [1, a1],
    ]),
    stored(2, 0, true),
  ],
  [
    owned(1, 'x', 0, 0),
    read([[0, a0]], 1, 'uncommitted', 'readers.1'),
    read([[1, a1]], 2, 'uncommitted', 'readers.2'),
    final([
      [0, a0],
      [1, a1],
      [2, a2],
    ]),
    stored(2, 0, true),
  ],
);
complains(
  'two owners in one generation',
  groupOwners,
  [owned(1, 'x', 0, 0), owned(1, 'y', 0, 0)],
  [owned(1, 'x', 0, 0), owned(1, 'y', 1, 0), owned(2, 'y', 0, 15)],
);
complains(
  'a generation that goes back',
  groupOwners,
  [owned(2, 'x', 0, 0), owned(1, 'y', 1, 5)],
  [owned(2, 'x', 0, 0), owned(1, 'y', 1, 0)],
);
complains(
  'a member whose own epoch goes back',
  groupOwners,
  [ownEpoch(3, 'x', 0), ownEpoch(2, 'x', 5)],
  [ownEpoch(3, 'x', 0), ownEpoch(2, 'y', 5), ownEpoch(3, 'x', 15)],
);
complains(
  'a reader that is not given everything on its way',
  readers,
  [
    read([[1, a1]], 2),
    final([
      [0, a0],
      [1, a1],
    ]),
  ],
  [
    read(
      [
        [0, a0],
        [1, a1],
      ],
      2,
    ),
    final([
      [0, a0],
      [1, a1],
      [2, a2],
    ]),
  ],
);
complains(
  'a reader that is given a record twice',
  readers,
  [
    read(
      [
        [0, a0],
        [0, a0],
      ],
      1,
    ),
    final([[0, a0]]),
  ],
  [read([[0, a0]], 1), final([[0, a0]])],
);
complains(
  'a reader of committed records that waits for nothing is given them all',
  readers,
  [read([], 1, 'committed'), final([[0, a0]], { isolation: 'committed' })],
  [read([], 1, 'committed'), final([[0, a0]]), final([], { isolation: 'committed' })],
);

const [t0, t1] = ['bank/0/0', 'bank/0/1'];
const both: SeenRecord[] = [
  [0, t0],
  [1, t1],
];
const commit = (transaction: string): Happening[] => [
  { kind: 'ending', transaction, outcome: 'commit' },
  { kind: 'ended', transaction, outcome: 'commit' },
];

complains(
  'a committed transaction of which a part is missing',
  transactions,
  [sentIn('t', [t0, t1]), ...commit('t'), final(both), final([[0, t0]], { isolation: 'committed' })],
  [sentIn('t', [t0, t1]), ...commit('t'), final(both), final(both, { isolation: 'committed' })],
);
complains(
  'an aborted transaction that somebody reads',
  transactions,
  [
    sentIn('t', [t0]),
    ...commit('t').slice(0, 1),
    read([[0, t0]], 1, 'committed'),
    { kind: 'ended', transaction: 't', outcome: 'abort' },
  ],
  [
    sentIn('t', [t0]),
    read([[0, t0]], 1),
    { kind: 'ended', transaction: 't', outcome: 'abort' },
    final([[0, t0]]),
    final([], { isolation: 'committed' }),
  ],
);
complains(
  'a record that is read before its commit was asked for',
  transactions,
  [sentIn('t', [t0]), read([[0, t0]], 1, 'committed'), ...commit('t')],
  [sentIn('t', [t0]), ...commit('t').slice(0, 1), read([[0, t0]], 1, 'committed')],
);
complains(
  'a transaction of unknown end that is there in part',
  transactions,
  [sentIn('t', [t0, t1]), final(both), final([[1, t1]], { isolation: 'committed' })],
  [sentIn('t', [t0, t1]), final(both), final([], { isolation: 'committed' })],
);
complains(
  'a record of no transaction that is hidden',
  transactions,
  [sent([a0]), final([[0, a0]]), final([], { isolation: 'committed' })],
  [sent([a0]), final([[0, a0]]), final([[0, a0]], { isolation: 'committed' })],
);
complains(
  'a topic that is gone although it was made',
  surprises,
  [
    { kind: 'topic', topic: 't', isThere: true, isFinal: false },
    { kind: 'topic', topic: 't', isThere: false, isFinal: true },
  ],
  [
    { kind: 'topic', topic: 't', isThere: true, isFinal: false },
    { kind: 'topic', topic: 't', isThere: true, isFinal: true },
  ],
);
complains(
  'an answer that must not be',
  surprises,
  [{ kind: 'surprise', by: 'shop', text: 'no' }],
  [{ kind: 'fault', text: 'no' }],
);
