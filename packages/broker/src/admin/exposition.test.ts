/** A scrape of very many lines leaves the loop to others in between. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { Doors } from '../doors.ts';
import { expose } from './exposition.ts';
import type { Measure, Observed, Sample } from './measure.ts';

/** Each look at the clock finds it a millisecond later. */
function observed(): Observed {
  let nowMs = 0;
  const clock = { now: () => nowMs, monotonic: () => ++nowMs };
  return { doors: { host: { clock } } as unknown as Doors, readings: undefined as never };
}

function many(count: number): Measure {
  return {
    type: 'gauge',
    help: 'Many',
    labels: ['n'],
    *samples(): Generator<Sample> {
      for (let n = 0; n < count; n++) yield { labels: [String(n)], value: n };
    },
  };
}

suite('the text of many samples', () => {
  test('is made in turns, between which others run', async () => {
    let others = 0;
    const other = (): void => {
      others++;
      again = setImmediate(other);
    };
    let again = setImmediate(other);
    const text = await expose([{ many: many(10_000) }], observed());
    clearImmediate(again);
    assert.ok(others >= 10, `others ran ${others} times`);
    assert.equal(text.split('\n').length, 2 + 10_000 + 1);
  });

  test('tells a name that two dialects share once', async () => {
    const measure = many(2);
    const text = await expose([{ same: measure }, { same: measure, other: measure }], observed());
    assert.deepEqual(
      text.split('\n').filter((line) => line.startsWith('# TYPE')),
      ['# TYPE same gauge', '# TYPE other gauge'],
    );
  });

  test('writes numbers that are none as Prometheus reads them', async () => {
    const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1.5];
    const odd: Measure = {
      type: 'gauge',
      help: 'Odd',
      labels: ['n'],
      samples: () => values.map((value, n) => ({ labels: [String(n)], value })),
    };
    const text = await expose([{ odd }], observed());
    assert.deepEqual(text.split('\n').slice(2, -1), [
      'odd{n="0"} NaN',
      'odd{n="1"} +Inf',
      'odd{n="2"} -Inf',
      'odd{n="3"} 1.5',
    ]);
  });
});
