// The door in the place of kafkajs, on Millrace.

import { suite, test } from 'node:test';

import { startBroker } from '@millrace/testkit';

import { prove } from './proof.ts';

suite('the kafkajs door', () => {
  test('shows an application that uses all of kafkajs what kafkajs shows it', async () => {
    await using broker = await startBroker({
      'group.min.session.timeout.ms': '1000',
      'offsets.topic.num.partitions': '2',
    });
    await prove('door', broker.bootstrap, 'millrace');
  });
});
