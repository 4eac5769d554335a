import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { silentLogger } from '@millrace/base';
import { dialScripted, everyVersion, type Script, ScriptedBroker, TestHost } from '@millrace/testkit';

import { Connection } from './connection.ts';
import { throttleMsOf } from './throttling.ts';

const everything = { topics: null, allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false };
const noTopics = { brokers: [], clusterId: 'c', controllerId: 1, topics: [] };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function stage(
  script: Script,
): Promise<{ host: TestHost; broker: ScriptedBroker; connection: Connection; asked: () => string[] }> {
  const host = new TestHost();
  const broker = new ScriptedBroker(script);
  const { clock, timers, random } = host;
  const connection = await Connection.open({
    host: { clock, timers, random, log: silentLogger, dial: dialScripted(new Map([['broker:9092', broker]])) },
    address: { host: 'broker', port: 9092, timeoutMs: 1000 },
    clientId: 'test',
    requestTimeoutMs: 1000,
    frameBytesMax: 1 << 20,
  });
  return { host, broker, connection, asked: () => broker.asked.slice(1).map(({ name }) => name) };
}

/** The first answer to Metadata asks for a pause. */
function pausing(throttleTimeMs: number): Script {
  let count = 0;
  return ({ name }) => {
    if (name === 'metadata') return { ...noTopics, throttleTimeMs: count++ === 0 ? throttleTimeMs : 0 };
    return name === 'findCoordinator' ? { coordinators: [] } : undefined;
  };
}

suite('throttling', () => {
  test('a broker that asks for a pause gets it from every request, which then leave in order', async () => {
    const { host, connection, asked } = await stage(pausing(500));
    await connection.send('metadata', everything);
    assert.equal(connection.notBeforeMs, host.clock.monotonic() + 500);
    const later = [
      connection.send('findCoordinator', { keyType: 0, coordinatorKeys: ['g'] }),
      connection.send('metadata', everything),
    ];
    host.advance(499);
    await turn();
    assert.deepEqual([asked(), connection.pendingCount], [['metadata'], 2]);
    host.advance(1);
    await Promise.all(later);
    assert.deepEqual(asked(), ['metadata', 'findCoordinator', 'metadata']);
    await connection.send('metadata', everything);
    assert.equal(connection.pendingCount, 0);
    connection.close();
  });

  test('a pause that is longer than a request may take fails the request, and not the connection', async () => {
    const { host, connection, asked } = await stage(pausing(60_000));
    await connection.send('metadata', everything);
    const short = connection.send('metadata', everything);
    const long = connection.send('metadata', everything, { timeoutMs: 90_000 });
    const ended = assert.rejects(short, { code: 'TIMEOUT', message: /pause/, retriable: true });
    host.advance(1000);
    await ended;
    assert.deepEqual([connection.isClosed, connection.pendingCount], [false, 1]);
    host.advance(59_000);
    await long;
    assert.deepEqual(asked(), ['metadata', 'metadata']);
    connection.close();
  });

  test('what nobody answers waits for the end of a pause, however long', async () => {
    const { host, connection, asked } = await stage(pausing(60_000));
    await connection.send('metadata', everything);
    let isTaken = false;
    const nothing = { transactionalId: null, acks: 0, timeoutMs: 1, topicData: [] };
    connection.post('produce', nothing, () => void (isTaken = true));
    host.advance(59_999);
    await turn();
    assert.deepEqual([isTaken, asked()], [false, ['metadata']]);
    host.advance(1);
    await turn();
    assert.deepEqual([isTaken, asked()], [true, ['metadata', 'produce']]);
    connection.close();
  });

  test('a connection that is closed in a pause ends what waits, and leaves no timer', async () => {
    const { host, connection } = await stage(pausing(500));
    await connection.send('metadata', everything);
    const waiting = connection.send('metadata', everything);
    connection.close();
    await assert.rejects(waiting, { code: 'CLOSED' });
    assert.equal(host.advanceToNext(), false);
  });

  test('old versions, whose brokers have waited themselves, ask for no pause', async () => {
    const { connection, asked } = await stage((request) => {
      if (request.name !== 'apiVersions') return pausing(500)(request);
      const versions = everyVersion() as { readonly apiKeys: readonly { readonly apiKey: number }[] };
      const apiKeys = versions.apiKeys.map((range) => (range.apiKey === 3 ? { ...range, maxVersion: 5 } : range));
      return { ...versions, apiKeys };
    });
    await connection.send('metadata', everything);
    await connection.send('metadata', everything);
    assert.deepEqual(asked(), ['metadata', 'metadata']);
    connection.close();
  });

  test('is told by the version, and by the answer', () => {
    const answer = { throttleTimeMs: 7 };
    assert.deepEqual(
      [throttleMsOf('fetch', 7, answer), throttleMsOf('fetch', 8, answer), throttleMsOf('fetch', 8, {})],
      [0, 7, 0],
    );
    assert.deepEqual(
      [throttleMsOf('consumerGroupHeartbeat', 1, answer), throttleMsOf('electLeaders', 0, answer)],
      [0, 7],
    );
  });
});
