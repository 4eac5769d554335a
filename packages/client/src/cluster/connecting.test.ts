/** When connections are made, how long that may take, and when they are closed. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { silentLogger } from '@millrace/base';
import type { Dial, DialAddress } from '@millrace/net';
import { dialScripted, ScriptedBroker, TestHost } from '@millrace/testkit';

import type { ClientError } from '../error.ts';
import { clientKeys } from '../options/client-keys.ts';
import { readOptions } from '../options/read-options.ts';
import { Cluster } from './cluster.ts';

const port = 9092;

/** One broker "a", which names itself as `advertised`. */
function stageOf(options: Record<string, unknown>, advertised = 'a') {
  const time = new TestHost();
  const dialled: DialAddress[] = [];
  const broker = new ScriptedBroker(({ name }) =>
    name === 'metadata'
      ? { brokers: [{ nodeId: 1, host: advertised, port, rack: null }], clusterId: 'c', controllerId: 1, topics: [] }
      : undefined,
  );
  const reach = dialScripted(new Map([[`a:${port}`, broker]]));
  const dial: Dial = async (address) => {
    dialled.push(address);
    return await reach(address);
  };
  const { clock, timers, random } = time;
  const cluster = new Cluster({
    host: { clock, timers, random, log: silentLogger, dial },
    config: readOptions(clientKeys, { 'bootstrap.servers': `a:${port}`, ...options }),
  });
  return { broker, cluster, dialled, time };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

suite('connections', () => {
  test('are closed after connections.max.idle.ms, and made again when they are needed', async () => {
    const { broker, cluster, time } = stageOf({ 'connections.max.idle.ms': 60_000 });
    await cluster.connect('any');
    time.advance(50_000);
    assert.equal(broker.openCount, 1);
    time.advance(30_000);
    await turn();
    assert.equal(broker.openCount, 0);
    await cluster.connect('any');
    assert.equal(broker.openCount, 1);
    await cluster.close();
  });

  test('stay for ever with connections.max.idle.ms below 0', async () => {
    const { broker, cluster, time } = stageOf({ 'connections.max.idle.ms': -1 });
    await cluster.connect('any');
    time.advance(86_400_000);
    await turn();
    assert.equal(broker.openCount, 1);
    await cluster.close();
  });

  test('may take longer with each failure, from socket.connection.setup.timeout.ms to its maximum', async () => {
    const { broker, cluster, dialled, time } = stageOf({
      'socket.connection.setup.timeout.ms': 1000,
      'socket.connection.setup.timeout.max.ms': 5000,
    });
    broker.isUp = false;
    for (let tries = 0; tries < 5; tries++) {
      const failed = assert.rejects(cluster.connect('any'), { code: 'UNREACHABLE' });
      time.advance(2000);
      await failed;
    }
    assert.deepEqual(
      dialled.map(({ timeoutMs }) => timeoutMs),
      [1000, 2000, 4000, 5000, 5000],
    );
    await cluster.close();
  });

  test('to an address that only the cluster names fail with a word about advertised.listeners', async () => {
    const { cluster } = stageOf({}, 'inside.example');
    await cluster.metadata.refresh();
    await assert.rejects(cluster.connect(1), (error: ClientError) => {
      assert.deepEqual([error.code, error.retriable, error.broker], ['UNREACHABLE', true, `inside.example:${port}`]);
      assert.match(error.message, /^inside\.example:9092 cannot be reached: .*advertised\.listeners/);
      return true;
    });
    await cluster.close();
  });
});
