import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { ClientSeries } from './client-series.ts';
import type { Point } from './otlp.ts';

const owner = { clientInstanceId: 'one', clientId: 'c' };

function samples(series: ClientSeries, name: string): unknown[] {
  return [...(series.names()[name]?.samples(undefined as never) ?? [])].map(({ named, value }) => [named, value]);
}

suite('series of clients', () => {
  test('are replaced, and added up where only the difference is pushed', () => {
    const series = new ClientSeries();
    const points: readonly Point[] = [
      { name: 'org.apache.kafka.a.b-c', kind: 'gauge', labels: [], value: 1 },
      { name: 'd', kind: 'delta', labels: [['client.id', 'x']], value: 2 },
      { name: 't.total', kind: 'total', labels: [['__name__', 'x']], value: 3 },
    ];
    for (let time = 0; time < 2; time++) series.put(owner, points);
    const own = [
      ['client_id', 'c'],
      ['client_instance_id', 'one'],
    ];
    assert.deepEqual(samples(series, 'kafka_client_a_b_c'), [[own, 1]]);
    assert.deepEqual(samples(series, 'kafka_client_d_total'), [[own, 4]]);
    assert.deepEqual(samples(series, 'kafka_client_t_total'), [[own, 3]]);
    assert.equal(series.count, 3);
  });

  test('go with their client', () => {
    const series = new ClientSeries();
    series.put(owner, [{ name: 'a', kind: 'gauge', labels: [], value: 1 }]);
    series.put({ clientInstanceId: 'two', clientId: 'c' }, [{ name: 'a', kind: 'gauge', labels: [], value: 2 }]);
    series.remove('one');
    assert.equal(series.count, 1);
    assert.equal(samples(series, 'kafka_client_a').length, 1);
    series.remove('two');
    assert.deepEqual([series.count, series.names()], [0, {}]);
  });

  test('have an end for each client and for all', () => {
    const series = new ClientSeries();
    const points = (count: number): Point[] =>
      Array.from({ length: count }, (_, index) => ({
        name: 'a',
        kind: 'gauge',
        labels: [['n', String(index)]],
        value: 1,
      }));
    series.put(owner, points(1500));
    assert.deepEqual([series.count, series.droppedCount], [1000, 500]);
    for (let client = 0; client < 60; client++)
      series.put({ clientInstanceId: `n${client}`, clientId: '' }, points(1000));
    assert.equal(series.count, 50_000);
    for (let name = 0; name < 3000; name++)
      series.put({ clientInstanceId: 'names', clientId: '' }, [
        { name: `f${name}`, kind: 'gauge', labels: [], value: 1 },
      ]);
    assert.equal(series.count, 50_000);
    assert.ok(Object.keys(series.names()).length <= 2000);
  });
});
