/** A member of a classic group before a coordinator that says what the test wants, and an owner of partitions that notes what it hears. */
import { consumerProtocolSubscription, decodeVersioned } from '@millrace/protocol';
import { TestHost } from '@millrace/testkit';

import type { Assignor } from './assignors/assignor.ts';
import { assignorsOf } from './assignors/strategy.ts';
import { ClassicMember } from './classic-member.ts';
import { assignmentBytes, type Asked, GroupStage, RecordedOwner, type StageHost } from './group-stage.ts';

interface Scene {
  readonly stage: GroupStage;
  readonly owner: RecordedOwner;
  readonly member: ClassicMember;
}

interface SceneOptions {
  readonly assignors?: string[];
  readonly instance?: string;
  readonly topics?: Record<string, number>;
  readonly rack?: string;
  readonly heartbeatMs?: number;
  readonly own?: Assignor[];
}

const stageHost = (): StageHost =>
  Object.assign(new TestHost(), { dial: () => Promise.reject(new Error('nobody is called here')) });

export function scene({
  own = [],
  assignors = own.length > 0 ? [] : ['range'],
  instance,
  topics = { t: 2 },
  rack = '',
  heartbeatMs = 3000,
}: SceneOptions = {}): Scene {
  const stage = new GroupStage(stageHost(), topics, { 'client.rack': rack });
  const owner = new RecordedOwner();
  const member = new ClassicMember({
    cluster: stage.cluster,
    owner,
    assignors: assignorsOf(assignors, own),
    config: {
      'group.id': 'g',
      'group.instance.id': instance ?? null,
      'session.timeout.ms': 45_000,
      'heartbeat.interval.ms': heartbeatMs,
      'max.poll.interval.ms': 300_000,
      'exclude.internal.topics': true,
    },
  });
  return { stage, owner, member };
}

export const subscriptionOf = (join: Asked<'joinGroup'>, index = 0): ReturnType<typeof decodeSubscription> =>
  decodeSubscription(join.request.protocols[index]!.metadata);
const decodeSubscription = (bytes: Uint8Array) => decodeVersioned(consumerProtocolSubscription, bytes);

/** Answers a join for a follower. */
export async function admit(stage: GroupStage, generationId = 1, protocolName = 'range'): Promise<void> {
  const join = await stage.next('joinGroup');
  join.answer({ generationId, memberId: 'me', protocolName, leader: 'other' });
}

/** The same, and gives what it is assigned. */
export async function follow(
  stage: GroupStage,
  assigned: string,
  generationId = 1,
  protocolName = 'range',
): Promise<void> {
  await admit(stage, generationId, protocolName);
  const sync = await stage.next('syncGroup');
  sync.answer({ assignment: assignmentBytes(assigned) });
  await stage.settle();
}

export async function joined(options: SceneOptions = {}, assigned = 't-0'): Promise<Scene> {
  const made = scene(options);
  made.member.subscribe({ topics: ['t'] });
  await follow(made.stage, assigned, 1, options.assignors?.[0] ?? 'range');
  made.owner.heard();
  return made;
}

export async function leaveQuietly({ member, stage }: Scene): Promise<void> {
  const left = member.leave('stay');
  await stage.settle();
  await left;
}
