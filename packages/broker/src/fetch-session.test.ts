import assert from 'node:assert/strict';
import { test } from 'node:test';

import { errors, zeroUuid } from '@millrace/protocol';

import { FetchSessions, type FetchContext, type FetchSessionRequest } from './fetch-session.ts';

const minute = 60_000;

function request(
  sessionId: number,
  sessionEpoch: number,
  partitions: readonly number[] = [],
  forgotten: readonly number[] = [],
): FetchSessionRequest {
  return {
    sessionId,
    sessionEpoch,
    topics:
      partitions.length === 0
        ? []
        : [{ topic: 'a', topicId: zeroUuid, partitions: partitions.map((partition) => asked(partition)) }],
    forgottenTopicsData: forgotten.length === 0 ? [] : [{ topic: 'a', topicId: zeroUuid, partitions: forgotten }],
  };
}

function asked(partition: number) {
  return {
    partition,
    currentLeaderEpoch: -1,
    fetchOffset: 0,
    lastFetchedEpoch: -1,
    logStartOffset: -1,
    partitionMaxBytes: 1000,
  };
}

function sessions(slots: number): FetchSessions {
  let id = 100;
  return new FetchSessions(slots, () => id++);
}

function resolved(context: FetchContext | number): FetchContext {
  assert.ok(typeof context === 'object', 'refused');
  return context;
}

const partitionsOf = (context: FetchContext): number[] => [...context.targets].map(({ partition }) => partition);

test('a full fetch opens a session, later ones name only what changed', () => {
  const all = sessions(10);
  const first = resolved(all.resolve(request(0, 0, [0, 1]), 0));
  assert.deepEqual([first.sessionId, first.isIncremental, partitionsOf(first)], [100, false, [0, 1]]);
  const second = resolved(all.resolve(request(100, 1, [2]), 0));
  assert.deepEqual([second.isIncremental, partitionsOf(second)], [true, [0, 1, 2]]);
  const third = resolved(all.resolve(request(100, 2, [], [1]), 0));
  assert.deepEqual(partitionsOf(third), [0, 2]);
});

test('a fetch without a session keeps nothing', () => {
  const all = sessions(10);
  const context = resolved(all.resolve(request(0, -1, [0]), 0));
  assert.equal(context.sessionId, 0);
  assert.equal(all.count, 0);
});

test('an unknown session and a wrong epoch are told apart', () => {
  const all = sessions(10);
  resolved(all.resolve(request(0, 0, [0]), 0));
  assert.equal(all.resolve(request(7, 1), 0), errors.FETCH_SESSION_ID_NOT_FOUND);
  assert.equal(all.resolve(request(100, 2), 0), errors.INVALID_FETCH_SESSION_EPOCH);
});

test('a session that forgets all of its partitions ends', () => {
  const all = sessions(10);
  resolved(all.resolve(request(0, 0, [0]), 0));
  const last = resolved(all.resolve(request(100, 1, [], [0]), 0));
  assert.equal(last.sessionId, 0);
  assert.equal(all.count, 0);
});

test('a closing epoch ends the session it names', () => {
  const all = sessions(10);
  resolved(all.resolve(request(0, 0, [0]), 0));
  resolved(all.resolve(request(100, -1, [0]), 0));
  assert.equal(all.resolve(request(100, 1), 0), errors.FETCH_SESSION_ID_NOT_FOUND);
});

test('full slots give no session until the oldest was idle for two minutes', () => {
  const all = sessions(1);
  resolved(all.resolve(request(0, 0, [0]), 0));
  assert.equal(resolved(all.resolve(request(0, 0, [1]), minute)).sessionId, 0);
  assert.equal(resolved(all.resolve(request(0, 0, [1]), 2 * minute)).sessionId, 101);
  assert.equal(all.resolve(request(100, 1), 2 * minute), errors.FETCH_SESSION_ID_NOT_FOUND);
});
