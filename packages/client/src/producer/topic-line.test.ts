import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { ClientError } from '../error.ts';
import { type LineEntry, TopicLine } from './topic-line.ts';
import { TopicState } from './topic-state.ts';

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** A line whose topic is ready, and whose memory has room, when the test says so. */
class Stage {
  readonly told: string[] = [];
  readonly appended: string[] = [];
  readonly topic = new TopicState('t', undefined, undefined);
  isReady: boolean;
  roomFor: number;
  #wakes: (() => void)[] = [];
  readonly line: TopicLine;

  constructor(first: string, isReady = true, roomFor = 100) {
    this.isReady = isReady;
    this.roomFor = roomFor;
    this.line = new TopicLine(this.topic, this.entry(first), {
      ready: async () => {
        while (!this.isReady) await this.#wait();
      },
      append: (_topic, entry) => {
        if (this.roomFor-- <= 0) return false;
        this.appended.push(entry.value as string);
        return true;
      },
      room: () => this.#wait(),
    });
  }

  entry(value: string): LineEntry {
    const waiter = {
      sent: (): void => void this.told.push(`${value} sent`),
      failed: (error: ClientError): void => void this.told.push(`${value} ${error.code}`),
    };
    const record = { topic: 't', value };
    return { record, key: null, value, waiter, ticket: 0, deadlineMs: 0, signal: undefined };
  }

  async wake(): Promise<void> {
    for (const wake of this.#wakes.splice(0)) wake();
    await turn();
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => this.#wakes.push(resolve));
  }
}

suite('a line of records', () => {
  test('is passed in order, and ends', async () => {
    const stage = new Stage('a');
    for (const value of ['b', 'c']) stage.line.push(stage.entry(value));
    await stage.line.ended;
    assert.deepEqual(stage.appended, ['a', 'b', 'c']);
    assert.equal(stage.topic.isWaiting, false);
  });

  test('that fails tells those that wait, not those that have gone; who comes later is served', async () => {
    const stage = new Stage('a', false);
    stage.line.push(stage.entry('b'));
    await turn();
    stage.line.push(stage.entry('c'));
    await stage.wake();
    stage.line.fail(new ClientError('ABORTED', 'no'));
    stage.line.push(stage.entry('d'));
    stage.isReady = true;
    await stage.wake();
    await stage.line.ended;
    assert.deepEqual(stage.told, ['a ABORTED', 'b ABORTED', 'c ABORTED']);
    assert.deepEqual(stage.appended, ['d'], 'what was told to have failed is not sent');
  });

  test('that waits for memory keeps its order, and what was appended before is not told to have failed', async () => {
    const stage = new Stage('a', true, 1);
    for (const value of ['b', 'c']) stage.line.push(stage.entry(value));
    await turn();
    assert.deepEqual(stage.appended, ['a']);
    stage.line.fail(new ClientError('ABORTED', 'no'));
    stage.roomFor = 9;
    await stage.wake();
    await stage.line.ended;
    assert.deepEqual(stage.told, ['b ABORTED', 'c ABORTED']);
    assert.deepEqual(stage.appended, ['a']);
  });
});
