import assert from 'node:assert/strict';
import { test } from 'node:test';

import { RequestGate } from './request-gate.ts';

test('so many requests to a broker are under way, the others wait in order, each broker for itself', async () => {
  const told: number[] = [];
  const gate = new RequestGate(2, (_, queueSize) => void told.push(queueSize));
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const send = (broker: string, name: string) =>
    gate.through(broker, () => {
      begun.push(name);
      return new Promise<void>((resolve) => void ends.set(name, resolve));
    });
  const sends = [send('a', '1'), send('a', '2'), send('a', '3'), send('a', '4'), send('b', '5')];
  assert.deepEqual(begun, ['1', '2', '5']);
  assert.deepEqual(told, [1, 2]);
  ends.get('2')?.();
  await sends[1];
  assert.deepEqual(begun, ['1', '2', '5', '3']);
  for (const name of ['1', '3', '5']) ends.get(name)?.();
  await Promise.all([sends[0], sends[2], sends[4]]);
  ends.get('4')?.();
  await sends[3];
  assert.deepEqual(told, [1, 2, 1, 0]);
});

test('a request that fails makes room too', async () => {
  const gate = new RequestGate(1, () => {});
  await assert.rejects(
    gate.through('a', async () => await Promise.reject(new Error('failed'))),
    /failed/,
  );
  assert.equal(await gate.through('a', async () => 'next'), 'next');
});
