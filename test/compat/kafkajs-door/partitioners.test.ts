// Where keys go: what kafkajs and the door choose for the same keys, both ways of hashing.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Partitioners } from '@millrace/kafkajs';
import fc from 'fast-check';
import kafkajs from 'kafkajs';

const partitionMetadata = Array.from({ length: 97 }, (_, partitionId) => ({
  partitionErrorCode: 0,
  partitionId,
  leader: 1,
  replicas: [1],
  isr: [1],
}));

for (const name of ['DefaultPartitioner', 'LegacyPartitioner'] as const) {
  test(`${name} puts every key where kafkajs puts it`, () => {
    const [theirs, ours] = [kafkajs.Partitioners[name](), Partitioners[name]()];
    const keys = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(keys, (key) => {
        const message = { key, value: null };
        const asked = { topic: 't', partitionMetadata, message };
        assert.equal(ours(asked), theirs(asked));
      }),
      { numRuns: 500 },
    );
  });
}
