import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { silentLogger } from '@millrace/base';
import { TestHost } from '@millrace/testkit';

import { Metadata } from './metadata.ts';

suite('metadata', () => {
  test('forgets topics that nobody asked for during metadata.max.idle.ms', async () => {
    const time = new TestHost();
    const asked: (readonly string[])[] = [];
    const metadata = new Metadata({
      host: {
        random: time.random,
        clock: time.clock,
        timers: time.timers,
        log: silentLogger,
        dial: () => Promise.reject(new Error('nobody')),
      },
      config: {
        'metadata.max.age.ms': 60_000,
        'retry.backoff.ms': 100,
        'retry.backoff.max.ms': 1000,
        'allow.auto.create.topics': false,
        'metadata.max.idle.ms': 5000,
      },
      ask: async ({ topics }) => {
        const names = (topics ?? []).map(({ name }) => name!);
        asked.push(names);
        const named = names.map((name) => ({
          errorCode: 0,
          name,
          topicId: 'AAAAAAAAAAAAAAAAAAAAAQ',
          isInternal: false,
          partitions: [],
          topicAuthorizedOperations: 0,
        }));
        const brokers = [{ nodeId: 1, host: 'b1', port: 9092, rack: null }];
        return {
          throttleTimeMs: 0,
          brokers,
          clusterId: 'c',
          controllerId: 1,
          topics: named,
          errorCode: 0,
          clusterAuthorizedOperations: 0,
        };
      },
    });
    metadata.want(['old', 'kept']);
    await metadata.refresh();
    time.advance(4000);
    metadata.want(['kept']);
    time.advance(2000);
    await metadata.refresh();
    assert.deepEqual(asked, [['old', 'kept'], ['kept']]);
    assert.deepEqual([...metadata.topics.keys()], ['kept']);
    metadata.close();
  });
});
