import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { TimeHistogram } from './time-histogram.ts';

suite('a histogram of times', () => {
  test('gives quantiles within a ninth of the truth', () => {
    const histogram = new TimeHistogram();
    for (let ms = 1; ms <= 1000; ms++) histogram.record(ms);
    const [median, high] = histogram.quantiles([0.5, 0.99]) as [number, number];
    assert.ok(median >= 500 && median <= 500 * 1.1, `the median is ${median}`);
    assert.ok(high >= 990 && high <= 990 * 1.1, `the 99th percentile is ${high}`);
  });

  test('is 0 where nothing was recorded', () => {
    assert.deepEqual(new TimeHistogram().quantiles([0.5, 0.999]), [0, 0]);
  });

  test('forgets after two turns', () => {
    const histogram = new TimeHistogram();
    histogram.record(100);
    histogram.turn();
    assert.ok((histogram.quantiles([0.5])[0] ?? 0) >= 100);
    histogram.turn();
    assert.deepEqual(histogram.quantiles([0.5]), [0]);
  });

  test('takes what no clock should give', () => {
    const histogram = new TimeHistogram();
    for (const odd of [-1, 0, Number.NaN, Number.POSITIVE_INFINITY, 1e12]) histogram.record(odd);
    const [low, high] = histogram.quantiles([0.1, 1]) as [number, number];
    assert.ok(low < 1 && high > 100_000 && Number.isFinite(high));
  });
});
