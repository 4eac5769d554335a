// Offsets that no JavaScript number holds, committed by Java and by us, to Apache Kafka and to Millrace: any client may name any offset.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { Admin } from '@millrace/client';
import { install, jvmArguments } from '../../../tools/reference/kafka-home.ts';
import { runCommand } from '../../compat/command.ts';
import { startTarget, type Target, type TargetKind } from '../../compat/target.ts';
import { createTopic } from './interop-topic.ts';

const topic = 'far';
const offsets = [2n ** 53n + 1n, 2n ** 63n - 1n];
const expected = offsets.map((offset, partition) => `${partition}\t${offset}`);

install('kafka');

for (const kind of ['kafka', 'millrace'] satisfies TargetKind[]) {
  suite(`committed offsets on ${kind}`, () => {
    let target: Target;
    let admin: Admin;

    before(async () => {
      target = await startTarget(kind);
      await createTopic(target.bootstrap, topic, { partitions: offsets.length });
      admin = new Admin({ 'bootstrap.servers': target.bootstrap });
    });

    after(async () => {
      await admin.close();
      await target.stop();
    });

    test('what Java committed is what both are told', async () => {
      assert.deepEqual(await java(target, 'by-java', offsets), expected);
      assert.deepEqual(await ours(admin, 'by-java'), expected);
    });

    test('what we committed is what both are told', async () => {
      await admin.alterConsumerGroupOffsets(
        'by-us',
        offsets.map((offset, partition) => ({ topic, partition, offset })),
      );
      assert.deepEqual(await ours(admin, 'by-us'), expected);
      assert.deepEqual(await java(target, 'by-us'), expected);
    });
  });
}

async function ours(admin: Admin, group: string): Promise<string[]> {
  const [found] = await admin.listConsumerGroupOffsets([group]);
  return (found?.offsets ?? []).map(({ partition, offset }) => `${partition}\t${offset}`).sort();
}

async function java({ bootstrap }: Target, group: string, commit: readonly bigint[] = []): Promise<string[]> {
  const program = join(import.meta.dirname, 'CommittedOffsets.java');
  const words = [program, bootstrap, group, topic, ...commit.map(String)];
  const { status, stdout, stderr } = await runCommand('java', [...jvmArguments('tools', { heapMb: 256 }), ...words], {
    timeoutMs: 60_000,
  });
  assert.equal(status, 0, stderr);
  return stdout.split('\n').filter(Boolean).sort();
}
