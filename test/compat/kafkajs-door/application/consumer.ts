// Consuming: subscribe, run with messages and with batches, commits, seek, pause, and what goes wrong.

/* oxlint-disable typescript/unbound-method -- helpers of handlers are typed as methods and used as functions */

import { setTimeout as sleep } from 'node:timers/promises';

import kafkajs, { type Consumer, type ConsumerConfig, type ConsumerRunConfig, type EachBatchPayload } from 'kafkajs';

import { faultOf, logCollector, shapeOf, type Stage } from './stage.ts';

const quick: Omit<ConsumerConfig, 'groupId'> = {
  maxWaitTimeInMs: 40,
  heartbeatInterval: 200,
  sessionTimeout: 6000,
  rebalanceTimeout: 6000,
};

interface Running {
  consumer: Consumer;
  groupId: string;
}

const values = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => ({ value: String(from + i), partition: 0 }));

async function running(
  stage: Stage,
  topic: string,
  run: ConsumerRunConfig,
  config: Partial<ConsumerConfig> = {},
): Promise<Running> {
  const groupId = config.groupId ?? stage.name('group');
  const consumer = stage.kafka().consumer({ ...quick, ...config, groupId });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run(run);
  return { consumer, groupId };
}

async function committed(stage: Stage, groupId: string, topic: string): Promise<unknown> {
  const admin = stage.kafka().admin();
  await admin.connect();
  const offsets = await admin.fetchOffsets({ groupId, topics: [topic] });
  await admin.disconnect();
  return offsets[0]?.partitions.sort((a, b) => a.partition - b.partition).map(({ offset }) => offset);
}

export async function consumer(stage: Stage): Promise<void> {
  const topic = await stage.topic('read');
  await stage.fill(topic, values(0, 10));
  await subscriptions(stage);
  await messages(stage, topic);
  await batches(stage, topic);
  await commits(stage, topic);
  await seeking(stage, topic);
  await pausing(stage);
  await concurrency(stage);
  await failures(stage, topic);
  await positions(stage);
}

async function subscriptions(stage: Stage): Promise<void> {
  stage.step('subscribe');
  for (const [name, value] of [
    ['sub-one', 'x'],
    ['sub-two', 'y'],
    ['sub-old', 'z'],
  ] as const)
    await stage.fill(await stage.topic(name), [{ value }]);
  const consumer = stage.kafka().consumer({ ...quick, groupId: stage.name('subscriber') });
  await consumer.connect();
  const none = undefined as never;
  await stage.fails('nothing', () => consumer.subscribe({} as never));
  await stage.fails('not a list', () => consumer.subscribe({ topics: 'x' as never }));
  await stage.fails('a number', () => consumer.subscribe({ topics: [7 as never] }));
  await stage.fails('seek before run', () => consumer.seek({ topic: 'x', partition: 0, offset: '1' }));
  await stage.fails('pause before run', () => consumer.pause([{ topic: 'x' }]));
  await stage.fails('resume before run', () => consumer.resume([{ topic: 'x' }]));
  await stage.fails('commit before run', () => consumer.commitOffsets([{ topic: 'x', partition: 0, offset: '1' }]));
  await consumer.subscribe({
    topics: [stage.name('sub-one'), new RegExp(`^${stage.name('sub-tw.')}$`)],
    fromBeginning: true,
  });
  await consumer.subscribe({ topic: stage.name('sub-old'), fromBeginning: true });
  const read: string[] = [];
  await consumer.run({
    eachMessage: async ({ topic, message }) => void read.push(`${topic}:${message.value?.toString()}`),
  });
  await stage.until('three messages', () => read.length === 3);
  stage.say('read', read.sort());
  await stage.fails('subscribing while it runs', () => consumer.subscribe({ topic: 'more' }));
  await stage.fails('running twice', () => consumer.run({ eachMessage: async () => {} }));
  await stage.fails('seek nowhere', () => consumer.seek({ topic: none, partition: 0, offset: '1' }));
  await stage.fails('seek to a word', () => consumer.seek({ topic: 'x', partition: 0, offset: 'word' }));
  await stage.fails('seek below zero', () => consumer.seek({ topic: 'x', partition: 0, offset: '-5' }));
  await stage.fails('seek in no partition', () => consumer.seek({ topic: 'x', partition: none, offset: '1' }));
  await stage.fails('pause nothing', () => consumer.pause([{} as never]));
  await stage.fails('pause words', () => consumer.pause([{ topic: 'x', partitions: ['a' as never] }]));
  await stage.fails('resume nothing', () => consumer.resume([none]));
  await stage.fails('commit no topic', () => consumer.commitOffsets([{ topic: '', partition: 0, offset: '1' }]));
  await stage.fails('commit no partition', () =>
    consumer.commitOffsets([{ topic: 'x', partition: none, offset: '1' }]),
  );
  await stage.fails('commit a word', () => consumer.commitOffsets([{ topic: 'x', partition: 0, offset: 'word' }]));
  await stage.fails('commit below zero', () => consumer.commitOffsets([{ topic: 'x', partition: 0, offset: '-1' }]));
  await stage.fails('commit odd metadata', () =>
    consumer.commitOffsets([{ topic: 'x', partition: 0, offset: '1', metadata: 7 as never }]),
  );
  await consumer.stop();
  await consumer.stop();
  await consumer.disconnect();

  stage.step('from the end');
  const late = stage.kafka().consumer({ ...quick, groupId: stage.name('late') });
  await late.connect();
  await late.subscribe({ topics: [stage.name('sub-one')] });
  const seen: unknown[] = [];
  let fetches = 0;
  late.on(late.events.FETCH, () => void fetches++);
  await late.run({ eachMessage: async ({ message }) => void seen.push(message.value?.toString()) });
  await stage.until('it has begun to fetch', () => fetches > 1);
  await stage.fill(stage.name('sub-one'), [{ value: 'new' }]);
  await stage.until('the new one', () => seen.length > 0);
  stage.say('seen', seen);
  await late.disconnect();

  stage.step('subscribe to what is not there');
  const absent = stage.kafka().consumer({ ...quick, groupId: stage.name('absent'), allowAutoTopicCreation: false });
  await absent.connect();
  await stage.fails('an absent topic', () => absent.subscribe({ topics: [stage.name('nowhere')] }));
  await stage.fails('a name that cannot be', () => absent.subscribe({ topics: ['no spaces'] }));
  await absent.disconnect();
}

async function messages(stage: Stage, topic: string): Promise<void> {
  stage.step('eachMessage');
  const got: unknown[] = [];
  let first: unknown;
  const { consumer, groupId } = await running(stage, topic, {
    eachMessage: async (payload) => {
      if (got.length === 0) first = [Object.keys(payload).sort(), shapeOf(payload.message), await payload.heartbeat()];
      got.push([payload.partition, payload.message.offset, payload.message.value]);
    },
  });
  await stage.until('ten messages', () => got.length === 10);
  stage.say('payload', first);
  stage.say('messages', got);
  await stage.until('they are committed', async () => String(await committed(stage, groupId, topic)) === '10');
  stage.say('committed', await committed(stage, groupId, topic));
  await consumer.disconnect();
}

async function batches(stage: Stage, topic: string): Promise<void> {
  stage.step('eachBatch');
  let isSaid = false;
  const { consumer, groupId } = await running(
    stage,
    topic,
    {
      eachBatch: async ({
        batch,
        resolveOffset,
        heartbeat,
        commitOffsetsIfNecessary,
        uncommittedOffsets,
        isRunning,
        isStale,
        pause,
      }: EachBatchPayload) => {
        if (isSaid) return;
        isSaid = true;
        const { topic, partition, highWatermark, messages } = batch;
        stage.say('batch', {
          topic,
          partition,
          highWatermark,
          count: messages.length,
          keys: Object.keys(batch)
            .filter((key) => ['topic', 'partition', 'highWatermark', 'messages'].includes(key))
            .sort(),
        });
        stage.say('asked', [
          batch.isEmpty(),
          batch.firstOffset(),
          batch.lastOffset(),
          batch.offsetLag(),
          batch.offsetLagLow(),
          typeof pause,
        ]);
        stage.say('states', [isRunning(), isStale()]);
        stage.say('uncommitted at first', uncommittedOffsets());
        resolveOffset('3');
        stage.say('uncommitted', uncommittedOffsets());
        await heartbeat();
        await commitOffsetsIfNecessary();
        stage.say('not necessary', uncommittedOffsets());
        await commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset: '4' }] }] });
        stage.say('committed', await committed(stage, groupId, topic));
        stage.say('uncommitted then', uncommittedOffsets());
      },
    },
    { groupId: stage.name('batches') },
  );
  await stage.until('the rest is committed', async () => String(await committed(stage, groupId, topic)) === '10');
  await consumer.disconnect();

  stage.step('eachBatch without auto resolve');
  let asked = 0;
  const lazy = await running(
    stage,
    topic,
    {
      eachBatchAutoResolve: false,
      eachBatch: async ({ batch, resolveOffset }) => {
        asked++;
        if (asked === 1) stage.say('first', batch.firstOffset());
        if (asked <= 2) resolveOffset('4');
        if (asked === 2) stage.say('then', batch.firstOffset());
        if (asked === 2) resolveOffset(batch.lastOffset());
      },
    },
    { groupId: stage.name('lazy') },
  );
  await stage.until('all is resolved', async () => String(await committed(stage, lazy.groupId, topic)) === '10');
  await lazy.consumer.disconnect();
}

async function commits(stage: Stage, topic: string): Promise<void> {
  stage.step('auto commit by count');
  const counted: string[] = [];
  const byCount = stage.kafka().consumer({ ...quick, groupId: stage.name('by-count') });
  byCount.on(byCount.events.COMMIT_OFFSETS, ({ payload }) => {
    const offset = payload.topics[0]?.partitions[0]?.offset;
    if (offset !== undefined) counted.push(offset);
  });
  await byCount.connect();
  await byCount.subscribe({ topic, fromBeginning: true });
  await byCount.run({ autoCommitThreshold: 4, eachMessage: async () => {} });
  await stage.until('the last commit', () => counted.includes('10'));
  stage.say('commits', counted);
  await byCount.disconnect();

  stage.step('auto commit by time');
  const timed: string[] = [];
  const byTime = stage.kafka().consumer({ ...quick, groupId: stage.name('by-time') });
  byTime.on('consumer.commit_offsets', ({ payload }) =>
    timed.push((payload as { topics: { partitions: { offset: string }[] }[] }).topics[0]?.partitions[0]?.offset ?? ''),
  );
  await byTime.connect();
  await byTime.subscribe({ topic, fromBeginning: true });
  await byTime.run({ autoCommitInterval: 1, eachMessage: async () => await sleep(5) });
  await stage.until('the last commit', () => timed.includes('10'));
  stage.say('more than one', timed.length > 5);
  await byTime.disconnect();

  stage.step('no auto commit');
  let reads = 0;
  const { consumer, groupId } = await running(
    stage,
    topic,
    { autoCommit: false, eachMessage: async () => void reads++ },
    { groupId: stage.name('manual') },
  );
  await stage.until('ten reads', () => reads === 10);
  stage.say('committed', await committed(stage, groupId, topic));
  await consumer.commitOffsets([{ topic, partition: 0, offset: '7', metadata: 'a note' }]);
  const admin = stage.kafka().admin();
  await admin.connect();
  stage.say('committed', await admin.fetchOffsets({ groupId, topics: [topic] }));
  await admin.disconnect();
  stage.say('commit of nothing', shapeOf(await consumer.commitOffsets([])) ?? null);
  await consumer.disconnect();
  const again: string[] = [];
  const resumed = await running(
    stage,
    topic,
    { eachMessage: async ({ message }) => void again.push(message.offset) },
    { groupId },
  );
  await stage.until('the rest', () => again.length === 3);
  stage.say('goes on with', again);
  await resumed.consumer.disconnect();
}

async function seeking(stage: Stage, topic: string): Promise<void> {
  stage.step('seek');
  const got: string[] = [];
  let batchesStale = false;
  const { consumer } = await running(
    stage,
    topic,
    {
      eachMessage: async ({ message }) => {
        got.push(message.offset);
        if (got.length === 3) consumer.seek({ topic, partition: 0, offset: '8' });
      },
    },
    { groupId: stage.name('seeker') },
  );
  await stage.until('the end', () => got.includes('9'));
  stage.say('read', got);
  consumer.seek({ topic, partition: 0, offset: '-2' });
  await stage.until('all from the beginning', () => got.length >= 15);
  stage.say('read from the beginning', got.slice(5));
  await consumer.disconnect();
  const stale = await running(
    stage,
    topic,
    {
      eachBatch: async ({ batch, isStale, resolveOffset }) => {
        if (batch.firstOffset() !== '0' || batchesStale) return;
        stale.consumer.seek({ topic, partition: 0, offset: '9' });
        batchesStale = isStale();
        resolveOffset('0');
      },
    },
    { groupId: stage.name('stale') },
  );
  await stage.until('a stale batch', () => batchesStale);
  stage.say('stale', batchesStale);
  await stale.consumer.disconnect();
}

async function pausing(stage: Stage): Promise<void> {
  stage.step('pause and resume');
  const topic = await stage.topic('paused', 2);
  const got: string[] = [];
  let resume: (() => void) | undefined;
  const { consumer } = await running(
    stage,
    topic,
    {
      eachMessage: async ({ message, partition, pause }) => {
        got.push(`${partition}:${message.value?.toString()}`);
        if (message.value?.toString() === 'stop') resume = pause();
      },
    },
    { groupId: stage.name('pauser') },
  );
  await stage.fill(topic, [
    { value: 'stop', partition: 0 },
    { value: 'after', partition: 0 },
    { value: 'free', partition: 1 },
  ]);
  await stage.until('two messages', () => got.length >= 2);
  stage.say('paused', consumer.paused());
  await sleep(150);
  stage.say('got', [...got].sort());
  resume?.();
  await stage.until('the one behind', () => got.includes('0:after'));
  stage.say('paused', consumer.paused());
  consumer.pause([{ topic }]);
  stage.say('all of the topic', consumer.paused());
  consumer.resume([{ topic, partitions: [1] }]);
  stage.say('but one', consumer.paused());
  consumer.pause([{ topic: 'others', partitions: [0] }]);
  consumer.resume([{ topic }]);
  stage.say('none', consumer.paused());
  await consumer.disconnect();
}

async function concurrency(stage: Stage): Promise<void> {
  stage.step('partitions consumed at the same time');
  const topic = await stage.topic('wide', 4);
  await stage.fill(
    topic,
    Array.from({ length: 40 }, (_, i) => ({ value: String(Math.floor(i / 4)), partition: i % 4 })),
  );
  const busy = new Set<number>();
  const order = new Map<number, string[]>();
  let busyMax = 0;
  let overlaps = 0;
  const { consumer } = await running(
    stage,
    topic,
    {
      partitionsConsumedConcurrently: 3,
      eachMessage: async ({ partition, message }) => {
        if (busy.has(partition)) overlaps++;
        busy.add(partition);
        busyMax = Math.max(busyMax, busy.size);
        await sleep(5);
        order.set(partition, [...(order.get(partition) ?? []), message.value?.toString() ?? '']);
        busy.delete(partition);
      },
    },
    { groupId: stage.name('wide') },
  );
  await stage.until('forty messages', () => [...order.values()].flat().length === 40);
  stage.say('at the same time', busyMax > 1 && busyMax <= 3);
  stage.say('overlaps in a partition', overlaps);
  for (const partition of [0, 1, 2, 3]) stage.say(`order of ${partition}`, order.get(partition)?.join(' '));
  await consumer.disconnect();
}

async function failures(stage: Stage, topic: string): Promise<void> {
  stage.step('a handler that throws once');
  const { entries, creator } = logCollector();
  const tried: string[] = [];
  const restless = stage
    .kafka({ logCreator: creator, logLevel: kafkajs.logLevel.ERROR })
    .consumer({ ...quick, groupId: stage.name('throws-once') });
  await restless.connect();
  await restless.subscribe({ topic, fromBeginning: true });
  await restless.run({
    eachMessage: async ({ message }) => {
      tried.push(message.offset);
      if (message.offset === '3' && tried.filter((offset) => offset === '3').length === 1) throw new Error('once');
    },
  });
  await stage.until('the last message', () => tried.includes('9'));
  stage.say('tried', tried);
  stage.say(
    'logged',
    entries.map(({ namespace, label, log }) => [namespace, label, Object.keys(log).sort()]),
  );
  await restless.disconnect();

  for (const restart of [true, false]) {
    stage.step(restart ? 'a crash, and a restart' : 'a crash without restart');
    const crashes: unknown[] = [];
    const restarts: string[] = [];
    let isBroken = true;
    let reads = 0;
    const consumer = stage.kafka().consumer({
      ...quick,
      groupId: stage.name(`crash-${restart}`),
      retry: {
        retries: 1,
        initialRetryTime: 20,
        restartOnFailure: async (error) => {
          restarts.push(error.name);
          return restart;
        },
      },
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      crashes.push({ ...payload, error: faultOf(payload.error) });
      isBroken = false;
    });
    const heard: string[] = [];
    for (const event of [
      consumer.events.CONNECT,
      consumer.events.DISCONNECT,
      consumer.events.STOP,
      consumer.events.GROUP_JOIN,
    ])
      consumer.on(event, ({ type }) => void heard.push(type));
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: async () => {
        if (isBroken) throw new Error('always');
        reads++;
      },
    });
    await stage.until('a crash', () => crashes.length > 0);
    if (restart) await stage.until('it reads again', () => reads === 10);
    stage.say('crash', crashes);
    stage.say('asked', restarts);
    stage.say('heard', heard);
    await consumer.disconnect();
  }

  stage.step('an error that is final');
  const final: unknown[] = [];
  const consumer = stage.kafka().consumer({ ...quick, groupId: stage.name('final') });
  consumer.on(consumer.events.CRASH, ({ payload }) => void final.push({ ...payload, error: faultOf(payload.error) }));
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachBatch: async () => {
      throw new kafkajs.KafkaJSNonRetriableError('no more');
    },
  });
  await stage.until('a crash', () => final.length > 0);
  stage.say('crash', final);
  await consumer.disconnect();
}

async function positions(stage: Stage): Promise<void> {
  stage.step('offsets that are gone');
  const topic = await stage.topic('gone');
  await stage.fill(topic, values(0, 10));
  const admin = stage.kafka().admin();
  await admin.connect();
  const groupId = stage.name('gone');
  await admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '2' }] });
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '5' }] });
  const got: string[] = [];
  const { consumer } = await running(
    stage,
    topic,
    { eachMessage: async ({ message }) => void got.push(message.offset) },
    { groupId },
  );
  await stage.until('the rest', () => got.includes('9'));
  stage.say('read', got);
  await consumer.disconnect();
  await admin.disconnect();
}
