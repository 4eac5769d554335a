// Members of different clients in one group: each partition has one owner, and no record is left out, whoever comes and goes.

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { install } from '../../../tools/reference/kafka-home.ts';
import { startTarget, type Target, type TargetKind } from '../../compat/target.ts';
import { uniqueName } from '../target.ts';
import {
  javaClient,
  kafkajsClient,
  librdkafkaClient,
  type GroupMember,
  type InteropClient,
} from './foreign-clients.ts';
import { createTopic } from './interop-topic.ts';
import { millraceClient } from './millrace-client.ts';

const partitions = 8;
const patienceMs = 45_000;
const range = {
  'partition.assignment.strategy': 'range',
  'session.timeout.ms': '6000',
  'heartbeat.interval.ms': '200',
};
const javaRange = { ...range, 'partition.assignment.strategy': 'org.apache.kafka.clients.consumer.RangeAssignor' };
const cooperative = { ...range, 'partition.assignment.strategy': 'cooperative-sticky' };
const javaCooperative = {
  ...range,
  'partition.assignment.strategy': 'org.apache.kafka.clients.consumer.CooperativeStickyAssignor',
};
const consumerProtocol = { 'group.protocol': 'consumer' };

const properties = {
  'group.consumer.min.heartbeat.interval.ms': '100',
  'group.consumer.heartbeat.interval.ms': '200',
  'offsets.topic.num.partitions': '2',
};

install('system', 'kafka', 'python');

for (const kind of ['kafka', 'millrace'] satisfies TargetKind[]) {
  suite(`one group on ${kind}`, () => {
    let target: Target;

    before(async () => {
      target = await startTarget(kind, { properties });
    });

    after(async () => {
      await target.stop();
    });

    test('Java, librdkafka, kafkajs and Millrace share a topic by range, and whoever stays gets the rest', async () => {
      await using party = await Party.on(target.bootstrap);
      await party.join(millraceClient, range);
      await party.join(javaClient, javaRange);
      await party.join(librdkafkaClient, range);
      await party.join(kafkajsClient);
      await party.write('all four');
      await party.leave('Java');
      await party.write('without Java');
      await party.leave('kafkajs');
      await party.leave('librdkafka');
      await party.write('Millrace alone');
    });

    test('Java leads, Millrace follows, and the other way round', async () => {
      await using party = await Party.on(target.bootstrap);
      await party.join(javaClient, javaRange);
      await party.join(millraceClient, range);
      await party.write('led by Java');
      await party.leave('Java');
      await party.join(librdkafkaClient, range);
      await party.write('led by Millrace');
    });

    for (const [name, ours, theirs] of [
      ['cooperative-sticky', cooperative, javaCooperative],
      ['the consumer protocol', consumerProtocol, consumerProtocol],
    ] as const) {
      test(`Java and Millrace share a topic by ${name}, whoever was first`, async () => {
        for (const order of [
          [javaClient, millraceClient],
          [millraceClient, javaClient],
        ]) {
          await using party = await Party.on(target.bootstrap);
          for (const client of order) {
            await party.join(client, client === javaClient ? theirs : ours);
            await party.write(`after ${client.name}`);
          }
          await party.leave(order[0]?.name ?? '');
          await party.write('who came later stays');
        }
      });
    }

    for (const [first, second] of [
      [millraceClient, javaClient],
      [javaClient, millraceClient],
      [millraceClient, librdkafkaClient],
      [kafkajsClient, millraceClient],
    ] as const) {
      test(`${second.name} goes on where ${first.name} has committed`, async () => {
        await using party = await Party.on(target.bootstrap);
        await party.join(first);
        await party.write('first');
        const before = party.everything();
        await party.leave(first.name);
        await party.join(second);
        await party.write('second');
        const again = [...party.readBy(second.name)].filter((record) => before.has(record));
        assert.deepEqual(again, []);
      });
    }

    test('librdkafka and Millrace share a topic by cooperative-sticky', async () => {
      await using party = await Party.on(target.bootstrap);
      await party.join(librdkafkaClient, cooperative);
      await party.write('librdkafka alone');
      await party.join(millraceClient, cooperative);
      await party.write('both');
      await party.leave('librdkafka');
      await party.write('Millrace alone');
    });
  });
}

/** A topic of its own, a group, and its members. */
class Party implements AsyncDisposable {
  readonly #bootstrap: string;
  readonly #topic: string;
  readonly #group: string;
  readonly #members = new Map<string, GroupMember>();
  readonly #left: GroupMember[] = [];
  readonly #written = Array.from({ length: partitions }, () => 0);

  private constructor(bootstrap: string, name: string) {
    this.#bootstrap = bootstrap;
    this.#topic = name;
    this.#group = `${name}-group`;
  }

  static async on(bootstrap: string): Promise<Party> {
    const name = uniqueName('party');
    await createTopic(bootstrap, name, { partitions });
    return new Party(bootstrap, name);
  }

  async join(client: InteropClient, settings: Record<string, string> = {}): Promise<void> {
    this.#members.set(client.name, client.join(this.#bootstrap, this.#group, this.#topic, settings));
    await this.#untilShared();
  }

  async leave(name: string): Promise<void> {
    const member = this.#members.get(name);
    assert.ok(member, `${name} is no member`);
    this.#members.delete(name);
    this.#left.push(member);
    await member.leave();
    await this.#untilShared();
  }

  /** Some records to each partition: all of them are read by somebody. */
  async write(what: string): Promise<void> {
    const records = Array.from({ length: partitions * 20 }, (_, index) => ({
      codec: 'none',
      partition: index % partitions,
      timestamp: Date.now(),
      key: null,
      value: Buffer.from(`${what} ${index}`),
      headers: [],
    }));
    await millraceClient.write(this.#bootstrap, this.#topic, records);
    const expected = this.#written.flatMap((from, partition) =>
      Array.from({ length: 20 }, (_, index) => `${partition}@${from + index}`),
    );
    for (const partition of this.#written.keys()) this.#written[partition] = (this.#written[partition] ?? 0) + 20;
    await until(
      `everything is read: ${what}`,
      () => {
        const read = this.#everybody.map((member) => member.read);
        return expected.every((record) => read.some((records) => records.has(record)));
      },
      () => this.#shares(),
    );
  }

  readBy(name: string): ReadonlySet<string> {
    return this.#members.get(name)?.read ?? new Set();
  }

  /** What anybody has read. */
  everything(): ReadonlySet<string> {
    return new Set(this.#everybody.flatMap(({ read }) => [...read]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#members.values()].map((member) => member[Symbol.asyncDispose]()));
  }

  get #everybody(): GroupMember[] {
    return [...this.#members.values(), ...this.#left];
  }

  #shares(): string {
    return [...this.#members.values()].map(({ name, owned }) => `${name}: ${[...owned].join(' ')}`).join('; ');
  }

  /** Each partition is somebody's, nobody has more than one more than another, and it stays so for a moment. */
  async #untilShared(): Promise<void> {
    if (this.#members.size === 0) return;
    let since = performance.now();
    await until(
      `${this.#members.size} members share ${partitions} partitions`,
      () => {
        const owned = [...this.#members.values()].map((member) => [...member.owned]);
        const counts = owned.map(({ length }) => length);
        const isShared = owned.flat().length === partitions && new Set(owned.flat()).size === partitions;
        const isFair = Math.max(...counts) - Math.min(...counts) <= 1;
        if (!isShared || !isFair) since = performance.now();
        return performance.now() - since > 500;
      },
      () => this.#shares(),
    );
  }
}

async function until(what: string, holds: () => boolean, state: () => string): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!holds()) {
    if (performance.now() > deadline) assert.fail(`not in time: ${what} (${state()})`);
    await sleep(20);
  }
}
