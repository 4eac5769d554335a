/**
 * Random members of one group under the assignor `range`, whose every choice is determined: whatever they do, both brokers must say the
 * same. In: a seed. Out: lines in the script's transcript.
 */
import type { Script } from './script.ts';

type Held = readonly { readonly topicId: string; readonly partitions: readonly number[] }[];

interface Actor {
  readonly memberId: string;
  readonly instanceId: string | null;
  epoch: number;
  holds: Held;
  told: Held | undefined;
  hasNews: boolean;
  topics: readonly string[];
}

const stepCount = 80;

export async function randomSteps(script: Script, seed: number): Promise<void> {
  const random = generator(seed);
  const groupId = `random-${seed}`;
  const names = [`n${seed}`, `p${seed}`];
  const counts = [2, 3];
  for (const [index, name] of names.entries()) await script.topic(name, counts[index] ?? 1);
  const actors = Array.from({ length: 4 }, (_, index): Actor => ({
    memberId: `m${index}`,
    instanceId: index === 3 ? `i${seed}` : null,
    epoch: 0,
    holds: [],
    told: undefined,
    hasNews: false,
    topics: names,
  }));
  for (let step = 0; step < stepCount; step++) {
    const actor = actors[random(actors.length)];
    if (actor === undefined) continue;
    const choice = random(20);
    if (choice < 10) await beat(script, groupId, actor);
    else if (choice < 15) follow(actor);
    else if (choice === 15) await leave(script, groupId, actor);
    else if (choice === 16) await change(script, groupId, actor, names.slice(0, 1 + random(2)));
    else if (choice === 17) await grow(script, names, counts, random(2));
    else if (choice === 18) await script.describe(`step ${step}`, groupId);
    else await stale(script, groupId, actor);
  }
  await script.describe('at the end', groupId);
}

async function beat(script: Script, groupId: string, actor: Actor, more: object = {}): Promise<void> {
  const isFirst = actor.epoch === 0;
  const joining = { rebalanceTimeoutMs: 60_000, subscribedTopicNames: actor.topics, serverAssignor: 'range' };
  if (isFirst) actor.holds = [];
  const { errorCode, memberEpoch, assignment } = await script.beat(`${actor.memberId} in ${actor.epoch}`, {
    groupId,
    memberId: actor.memberId,
    instanceId: actor.instanceId,
    memberEpoch: actor.epoch,
    ...(isFirst ? joining : {}),
    ...(isFirst || actor.hasNews ? { topicPartitions: actor.holds } : {}),
    ...more,
  });
  actor.hasNews = false;
  if (errorCode !== 0) {
    actor.epoch = 0;
    actor.told = undefined;
    return;
  }
  actor.epoch = memberEpoch;
  if (assignment !== null) actor.told = assignment.topicPartitions;
}

function follow(actor: Actor): void {
  if (actor.told === undefined) return;
  actor.holds = actor.told;
  actor.told = undefined;
  actor.hasNews = true;
}

async function leave(script: Script, groupId: string, actor: Actor): Promise<void> {
  const { memberId, instanceId } = actor;
  const memberEpoch = instanceId === null ? -1 : -2;
  await script.beat(`${memberId} leaves`, { groupId, memberId, instanceId, memberEpoch });
  actor.epoch = 0;
  actor.told = undefined;
}

async function change(script: Script, groupId: string, actor: Actor, topics: readonly string[]): Promise<void> {
  actor.topics = topics;
  await beat(script, groupId, actor, { subscribedTopicNames: topics });
}

async function grow(script: Script, names: readonly string[], counts: number[], which: number): Promise<void> {
  const count = (counts[which] ?? 0) + 1;
  counts[which] = count;
  await script.grow(names[which] ?? '', count);
}

/** A heartbeat of an epoch before, that says what the member holds. */
async function stale(script: Script, groupId: string, actor: Actor): Promise<void> {
  if (actor.epoch < 2) return;
  const { memberId, instanceId, epoch, holds: topicPartitions } = actor;
  const { errorCode, assignment } = await script.beat(`${memberId} again in ${epoch - 1}`, {
    groupId,
    memberId,
    instanceId,
    memberEpoch: epoch - 1,
    topicPartitions,
  });
  if (errorCode === 0 && assignment !== null) actor.told = assignment.topicPartitions;
}

/** The same numbers for the same seed. */
function generator(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
