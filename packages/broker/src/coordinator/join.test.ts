import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errors } from '@millrace/protocol';

import { Stage } from './stage.ts';

test('a new member is issued an id, comes back with it, and leads its group after the initial delay', () => {
  const stage = new Stage();
  const first = stage.join({}).get();
  assert.equal(first.errorCode, errors.MEMBER_ID_REQUIRED);
  assert.match(first.memberId, /^client-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const joined = stage.join({ memberId: first.memberId });
  stage.time.pass(2999);
  assert.equal(joined.isDone, false);
  stage.time.pass(1);
  assert.deepEqual(joined.get(), {
    errorCode: errors.NONE,
    generationId: 1,
    protocolType: 'consumer',
    protocolName: 'range',
    leader: first.memberId,
    skipAssignment: false,
    memberId: first.memberId,
    members: [{ memberId: first.memberId, groupInstanceId: null, metadata: Buffer.from('metadata') }],
  });
});

test('the whole round: join, sync, heartbeat, and the same after a restart', () => {
  const stage = new Stage();
  const { id, joined } = stage.joinTwice({});
  stage.time.pass(3000);
  assert.equal(joined.get().generationId, 1);
  const synced = stage.syncGroup({ memberId: id, assignments: [{ memberId: id, assignment: Buffer.from('mine') }] });
  assert.equal(synced.get().assignment.toString(), 'mine');
  assert.equal(stage.heartbeat(id, 1), errors.NONE);
  const after = stage.restart();
  assert.equal(after.heartbeat(id, 1), errors.NONE);
  assert.equal(after.syncGroup({ memberId: id }).get().assignment.toString(), 'mine');
});
