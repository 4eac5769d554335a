// Groups: joining and rebalancing, assigners of one's own, descriptions, and every event of a consumer.

/* oxlint-disable typescript/unbound-method -- helpers of handlers are typed as methods and used as functions */

import kafkajs, {
  type Consumer,
  type ConsumerConfig,
  type InstrumentationEvent,
  type PartitionAssigner,
} from 'kafkajs';

import { shapeOf, type Stage } from './stage.ts';

const quick: Omit<ConsumerConfig, 'groupId'> = {
  maxWaitTimeInMs: 40,
  heartbeatInterval: 50,
  sessionTimeout: 6000,
  rebalanceTimeout: 6000,
};

export async function groups(stage: Stage): Promise<void> {
  await events(stage);
  await rebalances(stage);
  await assigners(stage);
  await strangers(stage);
}

async function events(stage: Stage): Promise<void> {
  stage.step('events of a consumer');
  const topic = await stage.topic('events', 2);
  await stage.fill(topic, [
    { value: 'a', partition: 0 },
    { value: 'b', partition: 0 },
    { value: 'c', partition: 1 },
  ]);
  const consumer = stage.kafka().consumer({ ...quick, groupId: stage.name('eventful') });
  const order: string[] = [];
  const payloads = new Map<string, InstrumentationEvent<unknown>[]>();
  for (const name of Object.values(consumer.events)) {
    consumer.on(name, (event: InstrumentationEvent<unknown>) => {
      if (!payloads.has(name)) order.push(name);
      payloads.set(name, [...(payloads.get(name) ?? []), event]);
    });
  }
  let isThrown = false;
  // Not at once: kafkajs takes that for a failed heartbeat.
  consumer.on(consumer.events.HEARTBEAT, async () => {
    isThrown = true;
    throw new Error('a listener that throws');
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  let reads = 0;
  await consumer.run({ eachMessage: async () => void reads++ });
  const heard = (name: string) => payloads.get(name)?.length ?? 0;
  await stage.until(
    'three messages, their commits and a heartbeat',
    () => reads === 3 && isThrown && heard(consumer.events.COMMIT_OFFSETS) === 2,
  );
  const description = await consumer.describeGroup();
  const { members, ...group } = description;
  stage.say('described', group);
  stage.say(
    'member',
    members.map(({ memberAssignment, memberMetadata, memberId, clientId, clientHost }) => ({
      assignment: kafkajs.AssignerProtocol.MemberAssignment.decode(memberAssignment),
      metadata: kafkajs.AssignerProtocol.MemberMetadata.decode(memberMetadata),
      memberId: memberId.startsWith(`${clientId}-`),
      clientId,
      clientHost: typeof clientHost,
    })),
  );
  await consumer.disconnect();
  const network = (name: string) => name.includes('.network.');
  stage.say(
    'in order',
    order.filter((name) => !network(name) && name !== consumer.events.HEARTBEAT),
  );
  for (const name of [...payloads.keys()].sort()) {
    const [first] = payloads.get(name) ?? [];
    stage.say(name, { keys: Object.keys(first ?? {}).sort(), type: first?.type, payload: shapeOf(first?.payload) });
  }
  const join = payloads.get(consumer.events.GROUP_JOIN)?.[0]?.payload as Record<string, unknown>;
  stage.say('join', {
    assignment: join['memberAssignment'],
    isLeader: join['isLeader'],
    protocol: join['groupProtocol'],
    groupId: join['groupId'],
  });
  const batchesOf = (name: string) =>
    (payloads.get(name) ?? [])
      .map(({ payload }) => payload as { partition: number; duration?: number })
      .sort((a, b) => a.partition - b.partition);
  stage.say('batches begun', batchesOf(consumer.events.START_BATCH_PROCESS));
  stage.say(
    'batches ended',
    batchesOf(consumer.events.END_BATCH_PROCESS).map(({ duration, ...rest }) => ({
      ...rest,
      duration: typeof duration,
    })),
  );
  const commits = (payloads.get(consumer.events.COMMIT_OFFSETS) ?? []).map(
    ({ payload }) => payload as { topics: unknown; groupGenerationId: number },
  );
  stage.say(
    'commits',
    commits.map(({ topics, groupGenerationId }) => JSON.stringify([topics, groupGenerationId])).sort(),
  );
}

interface Member {
  readonly consumer: Consumer;
  readonly joins: Record<string, number[]>[];
  readonly heard: string[];
}

async function member(
  stage: Stage,
  groupId: string,
  topics: string[],
  config: Partial<ConsumerConfig> = {},
): Promise<Member> {
  const consumer = stage.kafka().consumer({ ...quick, groupId, ...config });
  const told: Member = { consumer, joins: [], heard: [] };
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => void told.joins.push(payload.memberAssignment));
  consumer.on(consumer.events.REBALANCING, (event) => void told.heard.push(JSON.stringify(shapeOf(event.payload))));
  await consumer.connect();
  await consumer.subscribe({ topics, fromBeginning: true });
  return told;
}

const shares = (members: Member[], topic: string) =>
  members.map(({ joins }) => joins.at(-1)?.[topic]?.length ?? 0).sort((a, b) => a - b);

async function rebalances(stage: Stage): Promise<void> {
  stage.step('rebalances');
  const topic = await stage.topic('shared', 6);
  const groupId = stage.name('team');
  const one = await member(stage, groupId, [topic]);
  let tell!: (error: unknown) => void;
  const told = new Promise<unknown>((resolve) => (tell = resolve));
  let isHeld = false;
  const reads: string[] = [];
  await one.consumer.run({
    eachMessage: async ({ message, heartbeat }) => {
      reads.push(message.value?.toString() ?? '');
      if (isHeld || message.value?.toString() !== 'hold') return;
      isHeld = true;
      for (;;) {
        try {
          await heartbeat();
        } catch (error) {
          tell(error);
          throw error;
        }
        await new Promise((resolve) => void setTimeout(resolve, 20));
      }
    },
  });
  await stage.until('one member', () => shares([one], topic).join() === '6');
  await stage.fill(topic, [{ value: 'hold', partition: 0 }]);
  await stage.until('it is held', () => isHeld);
  const two = await member(stage, groupId, [topic]);
  const joining = two.consumer.run({
    eachMessage: async ({ message }) => void reads.push(message.value?.toString() ?? ''),
  });
  stage.say('a heartbeat in a rebalance throws', await told);
  await joining;
  await stage.until('two members', () => shares([one, two], topic).join() === '3,3');
  stage.say(
    'shares',
    [one, two].map(({ joins }) => joins.at(-1)?.[topic]?.length),
  );
  stage.say('heard', one.heard);
  await two.consumer.disconnect();
  await stage.until('one member again', () => one.joins.at(-1)?.[topic]?.length === 6);
  stage.say('shares', one.joins.at(-1));
  await one.consumer.stop();
  await one.consumer.run({ eachMessage: async ({ message }) => void reads.push(message.value?.toString() ?? '') });
  await stage.until('it has joined again', () => one.joins.length >= 4);
  await stage.fill(topic, [{ value: 'more', partition: 5 }]);
  await stage.until('more', () => reads.includes('more'));
  stage.say('stopped, run again', one.joins.at(-1));
  await one.consumer.disconnect();
}

/** Gives everything to the member that comes last by name, and tells of it in user data. */
const greedy: PartitionAssigner = ({ cluster, groupId, logger }) => ({
  name: 'Greedy',
  version: 7,
  protocol: ({ topics }) => ({
    name: 'Greedy',
    metadata: kafkajs.AssignerProtocol.MemberMetadata.encode({
      version: 7,
      topics,
      userData: Buffer.from(`of ${groupId.length > 0 && typeof logger.info}`),
    }),
  }),
  assign: async ({ members, topics }) => {
    const last =
      members
        .map(({ memberId }) => memberId)
        .sort()
        .at(-1) ?? '';
    const assignment: Record<string, number[]> = {};
    for (const topic of topics)
      assignment[topic] = cluster
        .findTopicPartitionMetadata(topic)
        .map(({ partitionId }) => partitionId)
        .sort((a, b) => a - b);
    return [
      {
        memberId: last,
        memberAssignment: kafkajs.AssignerProtocol.MemberAssignment.encode({
          version: 7,
          assignment,
          userData: Buffer.from('for you'),
        }),
      },
    ];
  },
});

async function assigners(stage: Stage): Promise<void> {
  stage.step('an assigner of one’s own');
  const topic = await stage.topic('greedy', 3);
  const groupId = stage.name('greedy');
  const one = await member(stage, groupId, [topic], {
    partitionAssigners: [greedy, kafkajs.PartitionAssigners.roundRobin],
  });
  const two = await member(stage, groupId, [topic], { partitionAssigners: [greedy] });
  await one.consumer.run({ eachMessage: async () => {} });
  await stage.until('one has all', () => one.joins.length > 0);
  stage.say('one', one.joins[0]);
  await two.consumer.run({ eachMessage: async () => {} });
  await stage.until(
    'one of two has all',
    () => shares([one, two], topic).join() === '0,3' && two.joins.length > 0 && one.joins.length > 1,
  );
  stage.say('shares', shares([one, two], topic));
  const { members, protocol } = await one.consumer.describeGroup();
  stage.say('protocol', protocol);
  stage.say(
    'user data',
    members.map(({ memberMetadata }) => kafkajs.AssignerProtocol.MemberMetadata.decode(memberMetadata)?.userData),
  );
  await one.consumer.disconnect();
  await two.consumer.disconnect();
}

async function strangers(stage: Stage): Promise<void> {
  stage.step('topics that nobody asked for');
  const wanted = await stage.topic('wanted');
  const extra = await stage.topic('extra');
  const generous: PartitionAssigner = (config) => ({
    ...greedy(config),
    name: 'Generous',
    protocol: ({ topics }) => ({
      name: 'Generous',
      metadata: kafkajs.AssignerProtocol.MemberMetadata.encode({ version: 0, topics, userData: Buffer.alloc(0) }),
    }),
    assign: async ({ members }) =>
      members.map(({ memberId }) => ({
        memberId,
        memberAssignment: kafkajs.AssignerProtocol.MemberAssignment.encode({
          version: 0,
          assignment: { [wanted]: [0], [extra]: [0] },
          userData: Buffer.alloc(0),
        }),
      })),
  });
  const consumer = stage
    .kafka()
    .consumer({ ...quick, groupId: stage.name('generous'), partitionAssigners: [generous] });
  let heard: object | undefined;
  let joined: object | undefined;
  consumer.on(
    consumer.events.RECEIVED_UNSUBSCRIBED_TOPICS,
    ({ payload: { memberId, ...rest } }) => void (heard = { ...rest, memberId: typeof memberId }),
  );
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => void (joined = payload.memberAssignment));
  await consumer.connect();
  await consumer.subscribe({ topics: [wanted], fromBeginning: true });
  await consumer.run({ eachMessage: async () => {} });
  await stage.until('joined', () => joined !== undefined);
  stage.say('heard', heard);
  stage.say('joined with', joined);
  await consumer.disconnect();
}
