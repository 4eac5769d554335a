import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';

import { clientMetrics } from './client-metrics.ts';

const { producer, consumer, share, admin, leftOut } = clientMetrics;

/** `group name tags`. */
const ours = new Set(
  [...producer, ...consumer, ...share, ...admin].flatMap(({ group, rows, tags }) =>
    Object.keys(rows).map((name) => `${group} ${name} ${[...tags].sort().join(',')}`),
  ),
);
const javas = new Set(
  readFileSync(new URL('testdata/java-metrics.tsv', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replaceAll('\t', ' ')),
);

const patternOf = (line: string): string | undefined => {
  const [, name = ''] = line.split(' ');
  return [...leftOut.keys()].find((key) => (key.endsWith('*') ? name.startsWith(key.slice(0, -1)) : name === key));
};

suite('names of metrics', () => {
  test('of Java’s clients are ours, or left out with a reason', () => {
    assert.deepEqual(
      [...javas].filter((line) => !ours.has(line) && patternOf(line) === undefined),
      ['consumer-fetch-manager-metrics records-per-request-avg topic'],
    );
  });

  test('that are left out are Java’s, and not ours', () => {
    const used = new Set([...javas].map(patternOf));
    assert.deepEqual(
      [...leftOut.keys()].filter((key) => !used.has(key)),
      [],
    );
    assert.deepEqual(
      [...ours].filter((line) => patternOf(line) !== undefined),
      [],
    );
  });

  test('that are not Java’s are few', () => {
    assert.deepEqual(
      [...ours].filter((line) => !javas.has(line)),
      [
        'producer-metrics batch-latency-ms-avg ',
        'producer-metrics batch-latency-ms-max ',
        'producer-metrics byte-rate ',
        'producer-metrics byte-total ',
        'consumer-fetch-manager-metrics buffered-bytes ',
      ],
    );
  });
});
