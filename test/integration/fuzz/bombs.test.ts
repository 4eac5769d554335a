/**
 * Few bytes that ask for much memory, on up to a hundred connections at a time: what the broker holds stays below four times what it
 * received and 32 MiB, while the connections are still open, and a good client beside them never waits.
 */
import assert from 'node:assert/strict';
import net from 'node:net';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { apis, encodeBatch, encodeRequest } from '@millrace/protocol';
import { WireClient } from '@millrace/testkit';

import { claims, filled, repeated, type Bomb } from './bombs.ts';
import { startFuzzedBroker, type FuzzedBroker } from './fuzzed-broker.ts';
import { fuzzTopics } from './fuzz-values.ts';
import { GoodClient } from './good-client.ts';
import { mebibytes, Vitals, withLastWords } from './vitals.ts';

const connectionsMax = 100;
/** A request under way is answered within it, or waits for more bytes. */
const quietMs = 60;
const timeout = 300_000;

test('lengths, counts and tags that claim too much', { timeout }, async (t) => {
  await under(t, ({ target }) => claims(target.servedKeys), 1000);
});

test('arrays with as many elements as fit', { timeout }, async (t) => {
  await under(t, ({ target }) => filled(target.servedKeys), 500);
});

test('one thing asked for twenty thousand times', { timeout }, async (t) => {
  await under(t, () => repeated(fuzzTopics[0] as string), 15);
});

test('the largest frame declared, and then silence', { timeout }, async (t) => {
  const head = Buffer.concat(encodeRequest(apis.metadata, 12, 1, 'silent', { topics: null }));
  head.writeInt32BE(100 << 20, 0);
  const silent = [4, 5, 11, head.length].map((bytes) => ({
    name: `${bytes} bytes of 100 MiB`,
    bytes: head.subarray(0, bytes),
  }));
  await under(
    t,
    () => Array.from({ length: connectionsMax }, (_, index) => silent[index % silent.length] as Bomb),
    connectionsMax,
  );
});

test('frames that come byte by byte', { timeout }, async (t) => {
  await withBroker(t, async ({ target }) => {
    const frame = Buffer.concat(
      encodeRequest(apis.apiVersions, 3, 1, 'slow', { clientSoftwareName: 'slow', clientSoftwareVersion: '1' }),
    );
    const sockets = await Promise.all(Array.from({ length: connectionsMax }, async () => await connected(target.port)));
    let answered = 0;
    for (const socket of sockets) socket.once('data', () => answered++);
    for (const byte of frame) {
      for (const socket of sockets) socket.write(Buffer.from([byte]));
      await sleep(100);
    }
    await sleep(quietMs);
    assert.equal(answered, connectionsMax, 'however slowly a request comes, it is answered');
    return { sockets, sentBytes: frame.length * connectionsMax };
  });
});

test('readers that ask for much and do not read', { timeout }, async (t) => {
  await withBroker(
    t,
    async ({ target, process: { bootstrap } }) => {
      await fill(bootstrap);
      const fetch = Buffer.concat(encodeRequest(apis.fetch, 12, 1, 'deaf', fetchAll));
      const sockets = await Promise.all(
        Array.from({ length: connectionsMax }, async () => await connected(target.port)),
      );
      for (const socket of sockets) {
        socket.pause();
        socket.write(Buffer.concat([fetch, fetch, fetch]));
      }
      await sleep(3000);
      return { sockets, sentBytes: connectionsMax * fetch.length * 3 };
    },
    lentBytesMax + connectionsMax * batchBytes,
  );
});

/** Bytes on their way to sockets, together (broker/read-buffers.ts); beyond it each reader gets one batch. */
const lentBytesMax = 256 << 20;
const batchBytes = 500_000;
const fullTopic = 'full';
const fetchAll = {
  maxWaitMs: 0,
  minBytes: 1,
  maxBytes: 1 << 30,
  topics: [{ topic: fullTopic, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 30 }] }],
  forgottenTopicsData: [],
};

/** More than one fetch may carry. */
async function fill(bootstrap: string): Promise<void> {
  await using client = await WireClient.connect(bootstrap);
  await client.send('createTopics', 7, {
    topics: [{ name: fullTopic, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
  });
  const records = encodeBatch([{ value: Buffer.alloc(batchBytes - 100, 1) }]);
  for (let batch = 0; batch < 130; batch++) {
    const topicData = [{ name: fullTopic, partitionData: [{ index: 0, records }] }];
    await client.send('produce', 9, { acks: 1, timeoutMs: 5000, topicData });
  }
}

async function under(t: TestContext, make: (broker: FuzzedBroker) => readonly Bomb[], countMin: number): Promise<void> {
  await withBroker(t, async (broker) => {
    const bombs = make(broker);
    assert.ok(bombs.length >= countMin, `${bombs.length} are too few to prove anything`);
    const sockets: net.Socket[] = [];
    let sentBytes = 0;
    for (let from = 0; from < bombs.length; from += connectionsMax) {
      for (const socket of sockets.splice(0)) socket.destroy();
      for (const { bytes } of bombs.slice(from, from + connectionsMax)) {
        const socket = await connected(broker.target.port);
        socket.resume();
        socket.write(bytes);
        sentBytes += bytes.length;
        sockets.push(socket);
      }
      await sleep(quietMs);
    }
    t.diagnostic(`${bombs.length} requests, ${mebibytes(sentBytes)}`);
    return { sockets, sentBytes };
  });
}

/** The last connections are open while the memory is measured. */
async function withBroker(
  t: TestContext,
  steps: (broker: FuzzedBroker) => Promise<{ readonly sockets: readonly net.Socket[]; readonly sentBytes: number }>,
  capBytes = 0,
): Promise<void> {
  await using broker = await startFuzzedBroker();
  await withLastWords(broker.process, async () => {
    const good = await GoodClient.start(broker.process.bootstrap);
    const vitals = await Vitals.of(broker.process);
    const { sockets, sentBytes } = await steps(broker);
    const { heldBytes } = await vitals.check(sentBytes, capBytes);
    for (const socket of sockets) socket.destroy();
    const { count, medianMs, mostMs } = await good.finish();
    t.diagnostic(
      `${mebibytes(heldBytes)} held; the good client: ${count} round trips, median ${medianMs.toFixed(1)} ms, at most ${mostMs.toFixed()} ms`,
    );
  });
}

async function connected(port: number): Promise<net.Socket> {
  const socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  // Most are closed by the broker, some in the middle of what we write.
  socket.on('error', () => {});
  return socket;
}
