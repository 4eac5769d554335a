// kafkajs itself and the door on Apache Kafka, and kafkajs on Millrace: what was recorded holds still.

import { suite, test } from 'node:test';

import { startTarget, type TargetKind } from '../../target.ts';
import type { Library } from '../program.ts';
import { prove } from '../proof.ts';

const properties = {
  'group.min.session.timeout.ms': '1000',
  'offsets.topic.num.partitions': '2',
  'transaction.state.log.num.partitions': '2',
};

suite('an application that uses all of kafkajs', () => {
  const runs: readonly [Library, TargetKind][] = [
    ['kafkajs', 'kafka'],
    ['door', 'kafka'],
    ['kafkajs', 'millrace'],
  ];
  for (const [library, kind] of runs) {
    test(`sees with ${library} on ${kind} what was recorded`, async () => {
      await using target = await startTarget(kind, { properties });
      await prove(library, target.bootstrap, kind);
    });
  }
});
