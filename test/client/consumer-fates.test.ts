// What coordinators refuse members for good, in groups of both protocols.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { ConsumerOptions } from '@millrace/client';

import { consumerOf, stageTopic, take, write } from './consumer-stage.ts';
import { openTarget, uniqueName } from './target.ts';

const drain = { eachRecord: () => {} };

suite('a member that is refused', () => {
  test('for an instance id that is in use ends, and may come again when it is free (consumer)', async () => {
    await using target = await openTarget();
    const { topic, partitions } = await stageTopic(target);
    await write(target, partitions[0]!, 3);
    const options = {
      'group.id': uniqueName('group'),
      'group.protocol': 'consumer',
      'group.instance.id': 'i',
      'enable.auto.commit': false,
    };
    const first = consumerOf(target, options);
    first.subscribe([topic]);
    assert.equal((await take(first, 3)).length, 3);
    await using second = consumerOf(target, options);
    second.subscribe([topic]);
    const refused = { code: 'UNRELEASED_INSTANCE_ID', retriable: false };
    await assert.rejects(second.run(drain), refused);
    await assert.rejects(second.run(drain), refused);
    assert.equal(first.assignment().length, 1);
    await first.close({ leave: true });
    await second.unsubscribe();
    second.subscribe([topic]);
    assert.equal((await take(second, 3)).length, 3);
  });

  test('because another has come with its instance id ends (classic)', async () => {
    await using target = await openTarget();
    const { topic } = await stageTopic(target);
    const options = { 'group.id': uniqueName('group'), 'group.instance.id': 'i', 'heartbeat.interval.ms': 100 };
    await using first = consumerOf(target, options);
    first.subscribe([topic]);
    const running = first.run(drain);
    while (first.assignment().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await using second = consumerOf(target, options);
    second.subscribe([topic]);
    const others = second.run(drain);
    await assert.rejects(running, { code: 'FENCED_INSTANCE_ID', fatal: true });
    assert.deepEqual(first.assignment(), []);
    await second.close();
    await others;
  });

  const wrong: readonly [string, Partial<ConsumerOptions>, RegExp][] = [
    ['UNSUPPORTED_ASSIGNOR', { 'group.remote.assignor': 'nosuch' }, /nosuch/],
    ['INVALID_REGULAR_EXPRESSION', {}, /t\[/],
  ];
  for (const [code, options, message] of wrong)
    test(`with ${code} hears what the coordinator said`, async () => {
      await using target = await openTarget();
      const group = { 'group.id': uniqueName('group'), 'group.protocol': 'consumer', ...options };
      await using consumer = consumerOf(target, group);
      if (code === 'INVALID_REGULAR_EXPRESSION') consumer.subscribe({ pattern: { re2: 't[' } });
      else consumer.subscribe(['t']);
      await assert.rejects(consumer.run(drain), { code, message });
    });
});
