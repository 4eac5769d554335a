import assert from 'node:assert/strict';
import { test } from 'node:test';

import { nodeHost, silentLogger } from '@millrace/base';
import { errorName, zeroUuid } from '@millrace/protocol';
import { WireClient } from '@millrace/testkit';
import { MemoryDisk } from '@millrace/testkit/simulated';

import { Broker } from '../broker.ts';
import { readBrokerConfig } from '../config/broker-config.ts';

/** A disk that counts how often the metadata log is synced. */
class CountingDisk extends MemoryDisk {
  syncs = 0;

  override open(...args: Parameters<MemoryDisk['open']>): ReturnType<MemoryDisk['open']> {
    const file = super.open(...args);
    if (!args[0].includes('__millrace_metadata')) return file;
    const sync = file.sync.bind(file);
    file.sync = async () => {
      this.syncs++;
      await sync();
    };
    return file;
  }
}

test('the topics of one request share a sync of the metadata', async () => {
  const disk = new CountingDisk();
  const overrides = { listeners: 'PLAINTEXT://127.0.0.1:0', 'log.dirs': '/a', 'admin.listener': '' };
  const args = Object.entries(overrides).flatMap(([key, value]) => ['--override', `${key}=${value}`]);
  const fatal = (error: unknown): never => {
    throw error;
  };
  const config = readBrokerConfig({ args, environment: {}, disk });
  const broker = await Broker.start({ host: { ...nodeHost(silentLogger), disk }, config, fatal });
  const { host, port } = broker.advertised('PLAINTEXT');
  await using client = await WireClient.connect(`${host}:${port}`);
  const names = Array.from({ length: 12 }, (_, n) => `t${n}`);
  await client.send('createTopics', 7, {
    topics: names.map((name) => ({ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] })),
  });
  const before = disk.syncs;
  const topics = [...names, 'absent'].map((name) => ({ name, topicId: zeroUuid }));
  const { responses } = await client.send('deleteTopics', 6, { topics, timeoutMs: 5000 });
  assert.deepEqual(
    responses.map(({ name, errorCode }) => [name, errorName(errorCode)]),
    [...names.map((name) => [name, 'NONE']), ['absent', 'UNKNOWN_TOPIC_OR_PARTITION']],
  );
  // The first may begin a sync before the others have come.
  assert.ok(disk.syncs - before <= 2, `${disk.syncs - before} syncs`);
  await broker.stop();
});
