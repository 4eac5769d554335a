import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { errors, zeroUuid } from '@millrace/protocol';

import { FetchSession, type FetchTarget, fetchVersionMax } from './fetch-session.ts';

const id = 'AAAAAAAAAAAAAAAAAAAAAQ';
const target = (partition: number, fetchOffset: bigint, topicId = id): FetchTarget => ({
  key: `t\n${partition}`,
  topic: 't',
  topicId,
  partition,
  fetchOffset,
  currentLeaderEpoch: 0,
  partitionMaxBytes: 100,
});

/** What a request says, in short. */
function said(session: FetchSession, targets: readonly FetchTarget[], version = 18): string {
  const { sessionId, sessionEpoch, topics, forgottenTopicsData = [] } = session.next(version, targets);
  const asked = topics.flatMap(({ partitions }) =>
    partitions.map(({ partition, fetchOffset }) => `${partition}@${fetchOffset}`),
  );
  const forgotten = forgottenTopicsData.flatMap(({ partitions }) => partitions);
  return `${sessionId}/${sessionEpoch} ${asked.join(' ')}${forgotten.length === 0 ? '' : ` -${forgotten.join(' -')}`}`.trim();
}

suite('fetch sessions', () => {
  test('name only what has changed, and what goes', () => {
    const session = new FetchSession();
    assert.equal(said(session, [target(0, 5n), target(1, 7n)]), '0/0 0@5 1@7');
    assert.equal(session.answered({ errorCode: 0, sessionId: 33 }), true);
    assert.equal(said(session, [target(0, 9n), target(1, 7n)]), '33/1 0@9');
    session.answered({ errorCode: 0, sessionId: 33 });
    assert.equal(said(session, [target(1, 7n), target(2, 0n)]), '33/2 2@0 -0');
    session.answered({ errorCode: 0, sessionId: 33 });
    assert.equal(said(session, [target(1, 7n), target(2, 0n)]), '33/3');
  });

  test('begin anew when the broker has forgotten them, and end the old one when an epoch was wrong or an answer is missing', () => {
    const session = new FetchSession();
    said(session, [target(0, 5n)]);
    session.answered({ errorCode: 0, sessionId: 33 });
    said(session, [target(0, 5n)]);
    assert.equal(session.answered({ errorCode: errors.FETCH_SESSION_ID_NOT_FOUND, sessionId: 0 }), false);
    assert.equal(said(session, [target(0, 5n)]), '0/0 0@5');
    session.answered({ errorCode: 0, sessionId: 34 });
    said(session, [target(0, 5n)]);
    session.answered({ errorCode: errors.INVALID_FETCH_SESSION_EPOCH, sessionId: 0 });
    assert.equal(said(session, [target(0, 6n)]), '34/0 0@6');
    session.answered({ errorCode: 0, sessionId: 35 });
    said(session, [target(0, 7n)]);
    session.lost();
    assert.equal(said(session, [target(0, 7n)]), '35/0 0@7');
  });

  test('are done without where the broker keeps none, or knows none', () => {
    const session = new FetchSession();
    said(session, [target(0, 5n)]);
    session.answered({ errorCode: 0, sessionId: 0 });
    assert.equal(said(session, [target(0, 6n)]), '0/0 0@6');
    assert.equal(said(new FetchSession(), [target(0, 6n)], 6), '0/-1 0@6');
  });

  test('replace a topic that was made anew, and begin anew when names take the place of ids', () => {
    const session = new FetchSession();
    said(session, [target(0, 5n)]);
    session.answered({ errorCode: 0, sessionId: 33 });
    assert.equal(said(session, [target(0, 0n, 'AAAAAAAAAAAAAAAAAAAAAg')]), '33/1 0@0 -0');
    session.answered({ errorCode: 0, sessionId: 33 });
    const nameless = [target(0, 0n, zeroUuid)];
    assert.equal(fetchVersionMax(nameless), 12);
    assert.equal(said(session, nameless, 12), '33/0 0@0');
  });
});
