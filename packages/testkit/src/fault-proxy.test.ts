import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { FaultProxy } from './fault-proxy.ts';
import { startBroker } from './start-broker.ts';
import { WireClient } from './wire-client.ts';

const everything = { topics: null, allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false };

async function stage(): Promise<{ proxy: FaultProxy; open: () => Promise<WireClient> } & AsyncDisposable> {
  const broker = await startBroker();
  const proxy = await FaultProxy.open(broker.bootstrap);
  const open = (): Promise<WireClient> => WireClient.connect(proxy.bootstrap);
  const end = async (): Promise<void> => {
    await proxy.close();
    await broker.stop();
  };
  return { proxy, open, [Symbol.asyncDispose]: end };
}

suite('fault proxy', () => {
  test('answers name the proxy where the broker names itself', async () => {
    await using set = await stage();
    const client = await set.open();
    const { brokers } = await client.send('metadata', 12, everything);
    assert.deepEqual(
      brokers.map(({ host, port }) => `${host}:${port}`),
      [set.proxy.bootstrap],
    );
    const { coordinators } = await client.send('findCoordinator', 4, { keyType: 0, coordinatorKeys: ['g'] });
    assert.equal(`${coordinators[0]?.host}:${coordinators[0]?.port}`, set.proxy.bootstrap);
    assert.equal(set.proxy.counts.get('metadata'), 1);
    client.close();
  });

  test('answers are rewritten, made up, late and lost as the rule says, and what was lost was done', async () => {
    await using set = await stage();
    set.proxy.rule = ({ name }) =>
      name === 'metadata' ? { rewrite: (answer) => ({ ...answer, clusterId: 'other' }), delayMs: 5 } : undefined;
    const client = await set.open();
    assert.equal((await client.send('metadata', 12, everything)).clusterId, 'other');
    set.proxy.rule = ({ name }) => (name === 'heartbeat' ? { answer: { errorCode: 25 } } : undefined);
    const beat = { groupId: 'g', generationId: 1, memberId: 'm' };
    assert.equal((await client.send('heartbeat', 4, beat)).errorCode, 25);
    const topic = { name: 't', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
    set.proxy.rule = ({ name }) => (name === 'createTopics' ? { cutAfter: true } : undefined);
    await assert.rejects(client.send('createTopics', 7, { topics: [topic], timeoutMs: 5000 }));
    set.proxy.rule = ({ name }) => (name === 'createTopics' ? { cutBefore: true } : undefined);
    const second = await set.open();
    await assert.rejects(second.send('createTopics', 7, { topics: [{ ...topic, name: 'u' }], timeoutMs: 5000 }));
    const third = await set.open();
    const { topics } = await third.send('metadata', 12, everything);
    assert.deepEqual(
      topics.map(({ name }) => name),
      ['t'],
    );
    third.close();
  });
});
