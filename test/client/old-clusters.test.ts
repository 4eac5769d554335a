// Runs against: Millrace
/**
 * The client with brokers that know less: Redpanda and older Apache Kafka, as far as the versions of their APIs go. Whatever the client
 * sends beyond them ends the connection.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import {
  Admin,
  type ClientError,
  Consumer,
  type ConsumerOptions,
  Producer,
  type ProducerOptions,
  ShareConsumer,
} from '@millrace/client';
import { type FaultProxy, startBroker } from '@millrace/testkit';

import { quickGroups, uniqueName } from './target.ts';
import { openRanged, type RangeName, versionRanges } from './version-ranges.ts';

class Old implements AsyncDisposable {
  readonly proxy: FaultProxy;
  readonly admin: Admin;
  readonly #stop: () => Promise<void>;

  static async open(name: RangeName): Promise<Old> {
    const broker = await startBroker(quickGroups);
    return new Old(await openRanged(broker.bootstrap, name), () => broker.stop());
  }

  private constructor(proxy: FaultProxy, stop: () => Promise<void>) {
    this.proxy = proxy;
    this.#stop = stop;
    this.admin = new Admin({ 'bootstrap.servers': proxy.bootstrap });
  }

  get connect(): { readonly 'bootstrap.servers': string } {
    return { 'bootstrap.servers': this.proxy.bootstrap };
  }

  producer(options: ProducerOptions = {}): Producer {
    return new Producer({ ...this.connect, ...options });
  }

  consumer(options: Partial<ConsumerOptions> = {}): Consumer {
    return new Consumer({
      ...this.connect,
      'auto.offset.reset': 'earliest',
      'fetch.max.wait.ms': 50,
      'heartbeat.interval.ms': 100,
      ...options,
    });
  }

  async topic(numPartitions: number): Promise<string> {
    const name = uniqueName('old');
    await this.admin.createTopics([{ name, numPartitions }]);
    return name;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.admin.close();
    await this.proxy.close();
    await this.#stop();
  }
}

async function valuesOf(consumer: Consumer, count: number): Promise<string[]> {
  const values: string[] = [];
  for await (const { value } of consumer) {
    values.push(value?.toString() ?? 'null');
    if (values.length === count) break;
  }
  return values.toSorted();
}

for (const name of Object.keys(versionRanges) as RangeName[])
  suite(`with no more than ${name} offers`, () => {
    test('records go out with every codec and come back', async () => {
      await using old = await Old.open(name);
      const topic = await old.topic(2);
      const sent: string[] = [];
      for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
        await using producer = old.producer({ 'compression.type': codec });
        const values = Array.from({ length: 20 }, (_, index) => `${codec} ${index}`);
        await producer.send(values.map((value, index) => ({ topic, value, partition: index % 2 })));
        sent.push(...values);
      }
      for (const acks of ['0', '1'] as const) {
        await using producer = old.producer({ acks });
        await producer.send({ topic, value: `acks ${acks}` });
        sent.push(`acks ${acks}`);
      }
      await using consumer = old.consumer();
      await consumer.assign([0, 1].map((partition) => ({ topic, partition })));
      assert.deepEqual(await valuesOf(consumer, sent.length), sent.toSorted());
    });

    test('transactions are committed with offsets, and aborted', async () => {
      await using old = await Old.open(name);
      const topic = await old.topic(1);
      const groupId = uniqueName('group');
      await using producer = old.producer({ 'transactional.id': uniqueName('txn') });
      for (const round of ['kept', 'lost', 'kept again']) {
        const work = producer.transaction(async () => {
          await producer.send({ topic, value: round });
          await producer.sendOffsetsToTransaction([{ topic, partition: 0, offset: 1n }], groupId);
          if (round === 'lost') throw new Error('not this one');
        });
        if (round === 'lost') await assert.rejects(work, /not this one/);
        else await work;
      }
      await using consumer = old.consumer({ 'isolation.level': 'read_committed' });
      await consumer.assign([{ topic, partition: 0 }]);
      assert.deepEqual(await valuesOf(consumer, 2), ['kept', 'kept again']);
      const [group] = await old.admin.listConsumerGroupOffsets([groupId], { requireStable: true });
      assert.equal(group?.offsets[0]?.offset, 1n);
    });

    for (const strategy of ['range', 'cooperative-sticky'])
      test(`members of a group share partitions by ${strategy}, and go on where they stopped`, async () => {
        await using old = await Old.open(name);
        const topic = await old.topic(4);
        const groupId = uniqueName('group');
        const options = { 'group.id': groupId, 'partition.assignment.strategy': strategy };
        await using producer = old.producer();
        await producer.send([0, 1, 2, 3].map((partition) => ({ topic, partition, value: `first ${partition}` })));
        await using first = old.consumer(options);
        first.subscribe([topic]);
        assert.equal((await valuesOf(first, 4)).length, 4);
        await first.commitSync();
        const [described] = await old.admin.describeConsumerGroups([groupId]);
        assert.deepEqual([described?.type, described?.members.length], ['classic', 1]);
        assert.deepEqual(
          (await old.admin.listGroups()).map((group) => group.groupId),
          [groupId],
        );
        await first.close();
        await using second = old.consumer({ ...options, 'group.instance.id': 'one' });
        second.subscribe({ pattern: /^old-/ });
        await producer.send([0, 1, 2, 3].map((partition) => ({ topic, partition, value: `then ${partition}` })));
        assert.deepEqual(await valuesOf(second, 4), ['then 0', 'then 1', 'then 2', 'then 3']);
        await second.close();
        await old.admin.removeMembersFromConsumerGroup(groupId);
        await old.admin.deleteConsumerGroups([groupId]);
      });

    test('topics and what belongs to them are looked after', async () => {
      await using old = await Old.open(name);
      const topic = await old.topic(1);
      const { admin } = old;
      await using producer = old.producer();
      await producer.send([1, 2, 3].map((timestamp) => ({ topic, value: `${timestamp}`, timestamp })));
      const offsetAt = async (at: 'earliest' | 'latest' | number): Promise<bigint | undefined> =>
        (await admin.listOffsets([{ topic, partition: 0, at }]))[0]?.offset;
      assert.deepEqual([await offsetAt('latest'), await offsetAt(2)], [3n, 1n]);
      await admin.deleteRecords([{ topic, partition: 0, beforeOffset: 2n }]);
      assert.equal(await offsetAt('earliest'), 2n);
      await admin.createPartitions([{ topic, totalCount: 3 }]);
      const [described] = await admin.describeTopics([topic]);
      assert.equal(described?.partitions.length, 3);
      assert.ok((await admin.listTopics()).some((listed) => listed.name === topic));
      const resource = { type: 'TOPIC', name: topic } as const;
      await admin.incrementalAlterConfigs([{ ...resource, ops: [{ name: 'retention.ms', value: 1000 }] }]);
      const [configs] = await admin.describeConfigs([resource]);
      assert.equal(configs?.entries.find((entry) => entry.name === 'retention.ms')?.value, '1000');
      const cluster = await admin.describeCluster();
      assert.equal(cluster.nodes.length, 1);
      assert.equal((await admin.describeLogDirs([1]))[0]?.logDirs.length, 1);
      await admin.deleteTopics([topic]);
    });

    test('what such brokers do not have is said so, with what to do', async () => {
      await using old = await Old.open(name);
      const topic = await old.topic(1);
      await using member = old.consumer({ 'group.id': uniqueName('group'), 'group.protocol': 'consumer' });
      member.subscribe([topic]);
      await assert.rejects(valuesOf(member, 1), (error: ClientError) => {
        assert.deepEqual([error.code, error.retriable], ['UNSUPPORTED', false]);
        assert.match(error.message, /group\.protocol=classic/);
        return true;
      });
      await using share = new ShareConsumer({ ...old.connect, 'group.id': uniqueName('share') });
      share.subscribe([topic]);
      const readShare = async (): Promise<void> => {
        for await (const record of share) assert.fail(`nothing can come, but offset ${record.offset} did`);
      };
      await assert.rejects(readShare(), { code: 'UNSUPPORTED', message: /share groups/i });
      await assert.rejects(old.admin.describeTopics([{ topicId: 'AAAAAAAAAAAAAAAAAAAAAQ' }]), {
        code: name === 'kafka-3.6' ? 'UNKNOWN_TOPIC_ID' : 'UNSUPPORTED',
      });
      await assert.rejects(old.admin.describeShareGroups(['s']), { code: 'UNSUPPORTED' });
      await assert.rejects(old.admin.listTransactions({ runningLongerThanMs: 5 }), {
        code: 'UNSUPPORTED',
        message: /durationFilter/,
      });
    });
  });
