// What max.poll.interval.ms means for handlers that run side by side.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { consumerOf, stageTopic, write } from './consumer-stage.ts';
import { openTarget, uniqueName } from './target.ts';

const intervalMs = 800;

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

suite('a user who takes long', () => {
  for (const protocol of ['classic', 'consumer'] as const) {
    test(`loses the membership for one handler that is stuck, though others go on (${protocol})`, async () => {
      await using target = await openTarget();
      const { topic, partitions } = await stageTopic(target, 3);
      for (const partition of partitions) await write(target, partition, 40);
      const heard: string[] = [];
      await using consumer = consumerOf(target, {
        'group.id': uniqueName('group'),
        'group.protocol': protocol,
        'max.poll.interval.ms': intervalMs,
        'enable.auto.commit': false,
        onPartitionsAssigned: ({ length }) => void (length > 0 && heard.push(`assigned ${length}`)),
        onPartitionsLost: (gone) => void heard.push(`lost ${gone.length}`),
      });
      consumer.subscribe([topic]);
      const { promise: released, resolve: release } = Promise.withResolvers<void>();
      let others = 0;
      let isStuck = false;
      const running = consumer.run({
        eachRecord: async ({ partition, offset }) => {
          if (partition === 1 && offset === 3n && !isStuck) {
            isStuck = true;
            await released;
          } else if (partition !== 1) {
            others++;
            await pause(intervalMs / 32);
          }
        },
      });
      await until(() => heard.includes('lost 3'));
      assert.ok(others > 10, `${others} records of other partitions`);
      await pause(intervalMs);
      assert.deepEqual(heard, ['assigned 3', 'lost 3']);
      release();
      await until(() => heard.length === 3);
      assert.equal(heard[2], 'assigned 3');
      await consumer.close();
      await running;
    });
  }

  test('keeps it while each call is shorter, while there is nothing, and while partitions are paused', async () => {
    await using target = await openTarget();
    const { topic, partitions } = await stageTopic(target, 2);
    await write(target, partitions[0]!, 12);
    const lost: number[] = [];
    await using consumer = consumerOf(target, {
      'group.id': uniqueName('group'),
      'max.poll.interval.ms': intervalMs,
      onPartitionsLost: (gone) => void lost.push(gone.length),
    });
    consumer.subscribe([topic]);
    const seen: bigint[] = [];
    const running = consumer.run({
      eachRecord: async ({ offset }) => {
        await pause(intervalMs / 8);
        seen.push(offset);
      },
    });
    await until(() => seen.length === 12);
    await pause(intervalMs * 1.5);
    consumer.pause();
    await write(target, partitions[1]!, 3);
    await pause(intervalMs * 1.5);
    assert.equal(seen.length, 12);
    consumer.resume();
    await until(() => seen.length === 15);
    assert.deepEqual(lost, []);
    await consumer.close();
    await running;
  });
});
