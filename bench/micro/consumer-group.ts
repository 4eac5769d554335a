/**
 * One of 200 members of a consumer group leaves: how long until the others hold all of its partitions. Members heartbeat when they are
 * told to, each on a connection of its own, and give up at once what they are not given any more. Run:
 * `node bench/micro/consumer-group.ts [members] [partitions] [interval ms] [bootstrap …]`. Without a bootstrap a broker is started in a
 * process of its own; Apache Kafka needs `group.consumer.min.heartbeat.interval.ms`, `group.consumer.heartbeat.interval.ms` and
 * `offsets.topic.num.partitions=1` alike.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errors, type Response } from '@millrace/protocol';
import { WireClient } from '@millrace/testkit';

import { startBrokerProcess } from '../../test/integration/broker-process.ts';

const memberCount = Number(process.argv[2] ?? 200);
const partitionCount = Number(process.argv[3] ?? 1000);
const intervalMs = process.argv[4] ?? '500';
const roundCount = 5;

class Member {
  readonly #client: WireClient;
  readonly #request: { groupId: string; memberId: string };
  #epoch = 0;
  #isIn = true;
  holds: readonly { readonly topicId: string; readonly partitions: readonly number[] }[] = [];
  readonly #changed: () => void;

  constructor(client: WireClient, memberId: string, changed: () => void) {
    this.#client = client;
    this.#request = { groupId: 'bench', memberId };
    this.#changed = changed;
  }

  get size(): number {
    return this.holds.reduce((sum, { partitions }) => sum + partitions.length, 0);
  }

  async run(): Promise<void> {
    let hasNews = false;
    while (this.#isIn) {
      const joining = { rebalanceTimeoutMs: 60_000, subscribedTopicNames: ['bench'] };
      const answer: Response<'consumerGroupHeartbeat'> = await this.#client.send('consumerGroupHeartbeat', 1, {
        ...this.#request,
        memberEpoch: this.#epoch,
        ...(this.#epoch === 0 ? joining : {}),
        ...(this.#epoch === 0 || hasNews ? { topicPartitions: this.holds } : {}),
      });
      if (answer.errorCode !== errors.NONE) throw new Error(answer.errorMessage ?? `${answer.errorCode}`);
      this.#epoch = answer.memberEpoch;
      hasNews = answer.assignment !== null;
      if (answer.assignment !== null) {
        this.holds = answer.assignment.topicPartitions;
        this.#changed();
      }
      // Clients tell at once that they have given up, or taken over.
      if (!hasNews) await new Promise((resolve) => setTimeout(resolve, answer.heartbeatIntervalMs));
    }
  }

  async leave(): Promise<void> {
    this.#isIn = false;
    this.holds = [];
    await this.#client.send('consumerGroupHeartbeat', 1, { ...this.#request, memberEpoch: -1 });
  }
}

async function measure(bootstrap: string): Promise<void> {
  const members: Member[] = [];
  let calmSinceMs = 0;
  let whole = Promise.withResolvers<void>();
  const changed = (): void => {
    if (members.reduce((sum, member) => sum + member.size, 0) === partitionCount) whole.resolve();
  };
  const admin = await WireClient.connect(bootstrap);
  await admin.send('createTopics', 7, {
    topics: [{ name: 'bench', numPartitions: partitionCount, replicationFactor: 1, assignments: [], configs: [] }],
  });
  const ready = async (): Promise<boolean> => {
    await admin.send('findCoordinator', 4, { keyType: 0, coordinatorKeys: ['bench'] });
    const request = { groupId: 'nobody', memberId: 'nobody', memberEpoch: 1 };
    return (await admin.send('consumerGroupHeartbeat', 1, request)).errorCode === errors.GROUP_ID_NOT_FOUND;
  };
  while (!(await ready())) await new Promise((resolve) => setTimeout(resolve, 100));
  const join = (client: WireClient): void => {
    const member = new Member(client, `m${performance.now()}`, changed);
    members.push(member);
    void member.run();
  };
  const clients: WireClient[] = [];
  for (let index = 0; index < memberCount; index++) clients.push(await WireClient.connect(bootstrap));
  const startedMs = performance.now();
  for (const client of clients) join(client);
  await settled();
  console.log(
    `${memberCount} members, ${partitionCount} partitions: joined and settled in ${Math.round(calmSinceMs - startedMs)} ms`,
  );
  for (let round = 0; round < roundCount; round++) {
    whole = Promise.withResolvers<void>();
    const gone = members.splice(round * 7, 1)[0];
    const leftMs = performance.now();
    await gone?.leave();
    await whole.promise;
    console.log(`one left: all partitions are held again after ${ms(leftMs)}`);
    join(await WireClient.connect(bootstrap));
    await settled();
  }
  process.exit();

  /** Everyone has the same number, and all are held, for a while. */
  async function settled(): Promise<void> {
    calmSinceMs = performance.now();
    for (let calm = 0; calm < 10;) {
      await new Promise((resolve) => setTimeout(resolve, Number(intervalMs) / 2));
      const sizes = members.map(({ size }) => size);
      const isEven = Math.max(...sizes) - Math.min(...sizes) <= 1;
      calm = isEven && sizes.reduce((sum, size) => sum + size, 0) === partitionCount ? calm + 1 : 0;
      if (calm === 0) calmSinceMs = performance.now();
    }
  }
}

function ms(sinceMs: number): string {
  return `${Math.round(performance.now() - sinceMs)} ms`;
}

const [bootstrap] = process.argv.slice(5);
if (bootstrap === undefined) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-groups-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const broker = await startBrokerProcess({
    folder,
    properties: {
      'offsets.topic.num.partitions': '1',
      'group.consumer.min.heartbeat.interval.ms': intervalMs,
      'group.consumer.heartbeat.interval.ms': intervalMs,
    },
  });
  await measure(broker.bootstrap);
} else {
  await measure(bootstrap);
}
