import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { TestHost } from '@millrace/testkit';

import { MetricRegistry } from './metric-registry.ts';
import { avg, count, countRate, countRatePerHour, gauge, max, min, rate, total } from './metric-table.ts';

const table = {
  group: 'a-metrics',
  tags: [],
  rows: {
    'size-total': total('size', 'all'),
    'size-rate': rate('size', 'a second'),
    'size-avg': avg('size', 'mean'),
    'size-max': max('size', 'most'),
    'size-min': min('size', 'least'),
    'call-total': count('size', 'calls'),
    'call-rate': countRate('size', 'calls a second'),
    'call-rate-per-hour': countRatePerHour('size', 'calls an hour'),
    depth: gauge('now'),
  },
} as const;

const windows = { 'metrics.num.samples': 2, 'metrics.sample.window.ms': 30_000 };

/** At the beginning of a window. */
function staged(config = windows): { host: TestHost; registry: MetricRegistry } {
  const host = new TestHost();
  host.advance(30_000 - (host.clock.monotonic() % 30_000));
  return { host, registry: new MetricRegistry(host.clock, config) };
}

suite('metrics', () => {
  test('tell sums, means, extremes and rates of what was recorded', () => {
    const { host, registry } = staged();
    let depth = 1;
    const { sensors, read } = registryOpen(registry, () => depth);
    sensors.size.record(10);
    host.advance(15_000);
    sensors.size.record(80, host.clock.monotonic(), 2);
    depth = 4;
    // One window that is complete, though it had nothing, and half of the present one.
    assert.deepEqual(read(), {
      'size-total': 90,
      'size-rate': 2,
      'size-avg': 30,
      'size-max': 80,
      'size-min': 10,
      'call-total': 3,
      'call-rate': 3 / 45,
      'call-rate-per-hour': 240,
      depth: 4,
    });
  });

  test('windows that are over do not count, and totals stay', () => {
    const { host, registry } = staged();
    const { sensors, read } = registryOpen(registry, () => 0);
    sensors.size.record(1000);
    host.advance(30_000);
    sensors.size.record(20);
    assert.deepEqual([read()['size-max'], read()['size-rate']], [1000, 34]);
    host.advance(30_000);
    assert.deepEqual([read()['size-max'], read()['size-total']], [20, 1020]);
    host.advance(30_000);
    const { 'size-max': most, 'size-avg': mean, 'size-rate': perSecond, 'call-total': calls } = read();
    assert.deepEqual([most, mean, perSecond, calls], [Number.NaN, Number.NaN, 0, 2]);
  });

  test('a window of a single sample is the present one', () => {
    const { host, registry } = staged({ 'metrics.num.samples': 1, 'metrics.sample.window.ms': 1000 });
    const { sensors, read } = registryOpen(registry, () => 0);
    sensors.size.record(5);
    host.advance(500);
    assert.equal(read()['size-rate'], 10);
    host.advance(500);
    assert.deepEqual([read()['size-rate'], read()['size-max']], [0, Number.NaN]);
  });

  test('are there from opening to closing, each the same object, with its tags and kind', () => {
    const { registry } = staged();
    const opened = registry.open(table, { depth: () => 3 }, { topic: '__proto__' });
    const [first] = registry.all();
    assert.ok(first === [...registry.all()][0]);
    assert.deepEqual(
      { ...first, read: undefined },
      {
        group: 'a-metrics',
        name: 'size-total',
        tags: { topic: '__proto__' },
        kind: 'sum',
        doc: 'all',
        read: undefined,
      },
    );
    assert.deepEqual(
      [...registry.all()].filter(({ kind }) => kind === 'sum').map(({ name }) => name),
      ['size-total', 'call-total'],
    );
    opened.close();
    assert.deepEqual([...registry.all()], []);
  });
});

function registryOpen(registry: MetricRegistry, depth: () => number) {
  const opened = registry.open(table, { depth });
  return { sensors: opened.sensors, read: () => opened.read() };
}
