// A consumer that is closed in the middle of a rebalance leaves nothing behind: no socket, no timer, no member of the group.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { WireClient } from '@millrace/testkit';
import { install } from '../../../tools/reference/kafka-home.ts';
import { runCommand } from '../../compat/command.ts';
import { startTarget, type Target, type TargetKind } from '../../compat/target.ts';
import { createTopic } from '../interop/interop-topic.ts';

const program = join(import.meta.dirname, 'restless-group.ts');
const topic = 'restless';
const ways: Record<string, string[]> = {
  range: ['partition.assignment.strategy=range'],
  'cooperative-sticky': ['partition.assignment.strategy=cooperative-sticky'],
  'the consumer protocol': ['group.protocol=consumer'],
};

install('kafka');

for (const kind of ['kafka', 'millrace'] satisfies TargetKind[]) {
  suite(`closing in the middle of a rebalance on ${kind}`, () => {
    let target: Target;

    before(async () => {
      target = await startTarget(kind);
      await createTopic(target.bootstrap, topic, { partitions: 8 });
    });

    after(async () => {
      await target.stop();
    });

    for (const [name, settings] of Object.entries(ways)) {
      test(`${name}: sockets and timers are gone, the process ends, the group has no members`, async () => {
        const group = `restless-${name.replaceAll(' ', '-')}`;
        const args = [program, target.bootstrap, topic, group, ...settings];
        const { status, stdout, stderr } = await runCommand(process.execPath, args, { timeoutMs: 60_000 });
        assert.equal(status, 0, `it ended with ${status}, null is a process that was kept: ${stdout}${stderr}`);
        const { before: open, after: left }: { before: string[]; after: string[] } = JSON.parse(stdout);
        assert.deepEqual(left, open);
        assert.deepEqual(await membersOf(target.bootstrap, group, name !== 'the consumer protocol'), []);
      });
    }
  });
}

/** An id that was given to a client that is gone before it could use it, as Apache Kafka calls it: pending, is no member. */
async function membersOf(bootstrap: string, group: string, isClassic: boolean): Promise<string[]> {
  await using client = await WireClient.connect(bootstrap);
  if (isClassic) {
    const { groups } = await client.send('describeGroups', 5, { groups: [group] });
    assert.equal(groups[0]?.errorCode, 0);
    return groups[0].members.map(({ memberId }) => memberId);
  }
  const { groups } = await client.send('consumerGroupDescribe', 1, {
    groupIds: [group],
    includeAuthorizedOperations: false,
  });
  assert.equal(groups[0]?.errorCode, 0);
  return groups[0].members.map(({ memberId }) => memberId);
}
