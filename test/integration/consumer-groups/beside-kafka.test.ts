/** The same requests to Apache Kafka 4.3.1 and to Millrace: every answer, and every record that a group leaves, must be the same. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { errors } from '@millrace/protocol';
import { WireClient } from '@millrace/testkit';

import { startKafka, type KafkaNode } from '../../../tools/reference/kafka-node.ts';
import { startBrokerProcess, type BrokerProcess } from '../broker-process.ts';
import { pause, Script } from './script.ts';
import { randomSteps } from './random-steps.ts';
import { steps } from './steps.ts';

const properties = {
  'offsets.topic.num.partitions': '1',
  'group.consumer.assignment.interval.ms': '0',
  'group.initial.rebalance.delay.ms': '0',
};

suite('consumer groups beside Apache Kafka', { timeout: 180_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-consumer-groups-'));
  let kafka: KafkaNode | undefined;
  let broker: BrokerProcess | undefined;
  const scripts: Script[] = [];

  before(async () => {
    kafka = await startKafka({ properties });
    broker = await startBrokerProcess({ folder, properties });
    for (const { bootstrap } of [kafka, broker]) scripts.push(new Script(await connected(bootstrap)));
  });

  after(async () => {
    for (const script of scripts) await script[Symbol.asyncDispose]();
    await broker?.kill();
    await kafka?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function compare(step: (script: Script) => Promise<void>): Promise<void> {
    const transcripts: string[][] = [];
    for (const script of scripts) {
      script.lines.length = 0;
      await step(script);
      transcripts.push([...script.lines]);
    }
    assert.ok((transcripts[0]?.length ?? 0) > 3, 'there is something to compare');
    assert.deepEqual(transcripts[1], transcripts[0]);
  }

  for (const [name, step] of steps) test(name, async () => await compare(step));
  for (const seed of [1, 2, 3, 4])
    test(`random steps ${seed}`, async () => await compare(async (script) => await randomSteps(script, seed)));
});

/** A new Kafka says for a moment that its coordinator is not there. */
async function connected(bootstrap: string): Promise<WireClient> {
  const client = await WireClient.connect(bootstrap);
  for (let tries = 0; tries < 100; tries++) {
    const { coordinators } = await client.send('findCoordinator', 4, { keyType: 0, coordinatorKeys: ['g'] });
    const { errorCode } = await client.send('consumerGroupHeartbeat', 1, {
      groupId: 'nobody',
      memberId: 'm',
      memberEpoch: 1,
    });
    if (coordinators[0]?.errorCode === errors.NONE && errorCode === errors.GROUP_ID_NOT_FOUND) return client;
    await pause(100);
  }
  throw new Error(`${bootstrap} has no coordinator`);
}
