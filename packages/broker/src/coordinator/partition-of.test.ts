import assert from 'node:assert/strict';
import { test } from 'node:test';

import { partitionOf } from './partition-of.ts';

test('a group has the partition that Apache Kafka gives it', () => {
  // From `Utils.abs(id.hashCode()) % 50` of Kafka 4.3.1; the fourth has the smallest int as its hash.
  const expected = [
    ['', 0],
    ['g', 3],
    ['console-consumer-1', 24],
    ['polygenelubricants', 0],
    ['Grüße', 1],
    ['🚀 rockets', 26],
    ['my-group', 12],
    ['connect-cluster', 13],
    ['a-much-longer-group-id-with-numbers-0123456789', 35],
  ] as const;
  for (const [group, partition] of expected) assert.equal(partitionOf(group, 50), partition, group);
});
