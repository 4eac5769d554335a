import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { TestHost } from '@millrace/testkit';

import { type AnyRecord, HandedSlice } from './handed-slice.ts';
import { KeyedWork } from './keyed-work.ts';
import { Turns } from './turns.ts';

interface Stage {
  readonly slice: HandedSlice;
  readonly work: KeyedWork;
  readonly ended: Promise<void>;
  /** Offsets whose handlers were called. */
  readonly called: number[];
  readonly finish: (index: number) => Promise<void>;
  readonly fail: (index: number) => Promise<void>;
  halt(): void;
}

const sliceOf = (keys: string): HandedSlice => {
  const records = keys.split('').map((key, index) => ({
    offset: BigInt(index),
    key: key === '-' ? null : Buffer.from(key),
  }));
  return new HandedSlice(records as unknown as AnyRecord[], BigInt(keys.length), 0);
};

/** One letter a record, which is its key; `-` for none. */
function stage(from: string | HandedSlice, keysMax = 8): Stage {
  const slice = typeof from === 'string' ? sliceOf(from) : from;
  const called: number[] = [];
  const calls = new Map<number, PromiseWithResolvers<void>>();
  let isHalted = false;
  const work = new KeyedWork({
    slice,
    call: (index) => {
      called.push(index);
      const settle = Promise.withResolvers<void>();
      calls.set(index, settle);
      return settle.promise;
    },
    keysMax,
    turns: new Turns(new TestHost().clock),
    isHalted: () => isHalted,
  });
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    slice,
    work,
    called,
    ended: work.run(),
    finish: async (index) => (calls.get(index)!.resolve(), await turn()),
    fail: async (index) => (calls.get(index)!.reject(new Error('no')), await turn()),
    halt: () => void (isHalted = true),
  };
}

suite('work by key', () => {
  test('keeps the order of a key, and lets others go on', async () => {
    const { slice, called, finish, ended } = stage('aabab');
    assert.deepEqual(called, [0, 2]);
    await finish(2);
    assert.deepEqual([called, slice.done, slice.index], [[0, 2, 4], 0, 1]);
    await finish(4);
    await finish(0);
    assert.deepEqual([called.at(-1), slice.done, slice.processed], [1, 1, 1n]);
    await finish(1);
    assert.deepEqual([called.at(-1), slice.done], [3, 3]);
    await finish(3);
    await ended;
    assert.deepEqual([slice.done, slice.index, slice.doneAhead.size], [5, 5, 0]);
  });

  test('records without a key wait for nobody, and no more keys than wanted are at work', async () => {
    const { called, finish } = stage('--a-b', 3);
    assert.deepEqual(called, [0, 1, 2]);
    await finish(1);
    assert.deepEqual(called, [0, 1, 2, 3]);
    await finish(0);
    assert.deepEqual(called, [0, 1, 2, 3, 4]);
  });

  test('a handler that throws stops it when those at work are done, and tells at which record', async () => {
    const { slice, work, called, finish, fail, ended } = stage('abca', 2);
    const thrown = assert.rejects(ended, { message: 'no' });
    await fail(1);
    assert.deepEqual([called, work.failedAt], [[0, 1], 1]);
    await finish(0);
    await thrown;
    assert.deepEqual([called, slice.done], [[0, 1], 1]);
  });

  test('what is done before an older record is not called again when the slice is taken up again', async () => {
    const first = stage('aabc');
    await first.finish(2);
    await first.finish(3);
    first.halt();
    await first.finish(0);
    await first.ended;
    const { slice } = first;
    assert.deepEqual([first.called, slice.done, slice.index], [[0, 2, 3], 1, 1]);
    const second = stage(slice);
    await second.finish(1);
    await second.ended;
    assert.deepEqual([second.called, slice.done], [[1], 4]);
  });

  test('nothing more of a partition that is stopped is called, not even what waits behind its key', async () => {
    const { slice, called, finish, ended } = stage('aaa');
    slice.end = slice.index;
    await finish(0);
    await ended;
    assert.deepEqual([called, slice.done, slice.index], [[0], 1, 1]);
  });

  test('handlers that give no promise cost no turn each', async () => {
    const slice = sliceOf('ab'.repeat(2000));
    const seen: number[] = [];
    const work = new KeyedWork({
      slice,
      call: (index) => void seen.push(index),
      keysMax: 1,
      turns: new Turns(new TestHost().clock),
      isHalted: () => false,
    });
    await work.run();
    assert.deepEqual([seen.length, slice.done], [4000, 4000]);
  });
});
