/** SIGTERM answers what was taken on, writes the clean marker and ends; the next start recovers nothing. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { encodeBatch, errorName } from '@millrace/protocol';
import { WireClient } from '@millrace/testkit';

import { startBrokerProcess, type BrokerProcess } from '../broker-process.ts';
import { testFolder } from './folder.ts';
import { launch } from './launched-broker.ts';

const timeout = 60_000;
const cleanMarker = '.kafka_cleanshutdown';
const stopMsMax = 5000;
const inFlightMax = 5;

test('whatever was appended before SIGTERM was answered, and nothing of it is lost', { timeout }, async () => {
  using folder = testFolder();
  for (let round = 0; round < 3; round++) {
    const broker = await startBrokerProcess({ folder: folder.path });
    const before = await ready(broker);
    const load = await Promise.all(Array.from({ length: 3 }, async () => await Load.start(broker)));
    await new Promise((resolve) => setTimeout(resolve, 150 + round * 50));
    const startedAtMs = performance.now();
    assert.equal(await broker.stop(), 0);
    assert.ok(performance.now() - startedAtMs < stopMsMax, 'it ends in time, whoever goes on asking');
    const acknowledged = (await Promise.all(load.map(async (one) => await one.ended()))).flat();
    assert.ok(acknowledged.length > 10, `only ${acknowledged.length} were acknowledged: this proves nothing`);
    assert.ok(existsSync(join(folder.path, cleanMarker)));

    const again = await startBrokerProcess({ folder: folder.path });
    assert.equal(
      await endOffset(again),
      before + acknowledged.length,
      'each record that is there was answered, and each that was answered is there',
    );
    const offsets = acknowledged.sort((left, right) => left - right);
    assert.deepEqual(
      offsets,
      Array.from(offsets, (_, index) => before + index),
    );
    assert.equal(await again.stop(), 0);
  }
});

test('a fetch that waits is answered before the connection ends', { timeout }, async () => {
  using folder = testFolder();
  const broker = await startBrokerProcess({ folder: folder.path });
  await ready(broker);
  await using client = await WireClient.connect(broker.bootstrap);
  const waiting = client.send('fetch', 12, {
    maxWaitMs: 50_000,
    minBytes: 1,
    topics: [{ topic: 't', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }] }],
    forgottenTopicsData: [],
  });
  // Its connection works in order, so the fetch was read when another one's later request was answered.
  await ready(broker);
  assert.equal(await broker.stop(), 0);
  assert.equal(errorName((await waiting).responses[0]?.partitions[0]?.errorCode ?? -1), 'NONE');
  await client.closed;
});

test('after a clean stop nothing is read again, after a kill the tail is', { timeout }, async () => {
  using folder = testFolder();
  const first = await startBrokerProcess({ folder: folder.path });
  await ready(first);
  await using client = await WireClient.connect(first.bootstrap);
  await produce(client);
  assert.equal(await first.stop(), 0);

  const second = await startBrokerProcess({ folder: folder.path });
  assert.deepEqual(recoveries(second), [], 'a clean start recovers nothing');
  assert.ok(!existsSync(join(folder.path, cleanMarker)), 'the marker is gone as soon as it is no longer true');
  await using other = await WireClient.connect(second.bootstrap);
  await produce(other);
  await second.kill();
  assert.ok(!existsSync(join(folder.path, cleanMarker)));

  const third = await startBrokerProcess({ folder: folder.path });
  assert.ok(recoveries(third).length > 0, 'an unclean start says what it recovered');
  assert.equal(await endOffset(third), 2);
  assert.equal(await third.stop(), 0);
});

test('Ctrl-C is as clean as SIGTERM', { timeout }, async () => {
  using folder = testFolder();
  const properties = { 'log.dirs': folder.path, listeners: 'PLAINTEXT://127.0.0.1:0', 'admin.listener': '' };
  await using broker = await launch({
    args: Object.entries(properties).flatMap(([key, value]) => ['--override', `${key}=${value}`]),
  });
  assert.equal(await broker.stop('SIGINT'), 0);
  assert.ok(existsSync(join(folder.path, cleanMarker)));
});

/** Five produces in flight until the connection ends. */
class Load {
  readonly #offsets: number[] = [];
  readonly #ended: Promise<void>;

  private constructor(client: WireClient) {
    this.#ended = Promise.all(Array.from({ length: inFlightMax }, async () => await this.#work(client))).then(() => {});
  }

  static async start(broker: BrokerProcess): Promise<Load> {
    return new Load(await WireClient.connect(broker.bootstrap));
  }

  /** Offsets of all records that were acknowledged. */
  async ended(): Promise<number[]> {
    await this.#ended;
    return this.#offsets;
  }

  async #work(client: WireClient): Promise<void> {
    for (;;) {
      let offset: number;
      try {
        offset = await produce(client);
      } catch (error) {
        if (error instanceof Error && error.message.includes('closed')) return;
        throw error;
      }
      this.#offsets.push(offset);
    }
  }
}

async function produce(client: WireClient): Promise<number> {
  const partitionData = [{ index: 0, records: encodeBatch([{ value: Buffer.from('value') }]) }];
  const { responses } = await client.send('produce', 9, {
    acks: -1,
    timeoutMs: 5000,
    topicData: [{ name: 't', partitionData }],
  });
  const found = responses[0]?.partitionResponses[0];
  assert.equal(errorName(found?.errorCode ?? -1), 'NONE');
  return found?.baseOffset ?? -1;
}

/** Makes the topic when it is not there; gives its end. */
async function ready(broker: BrokerProcess): Promise<number> {
  await using client = await WireClient.connect(broker.bootstrap);
  await client.send('metadata', 12, { topics: [{ name: 't' }], allowAutoTopicCreation: true });
  return await endOffset(broker);
}

async function endOffset(broker: BrokerProcess): Promise<number> {
  await using client = await WireClient.connect(broker.bootstrap);
  const { topics } = await client.send('listOffsets', 7, {
    replicaId: -1,
    topics: [{ name: 't', partitions: [{ partitionIndex: 0, timestamp: -1 }] }],
  });
  return topics[0]?.partitions[0]?.offset ?? -1;
}

/** What the log says of partitions that had to be read again. */
function recoveries(broker: BrokerProcess): string[] {
  return broker.lines.filter((line) => /recover/i.test(line) && !line.includes('RECOVERY to RUNNING'));
}
