/**
 * JoinGroup to a consumer group: members of the classic protocol are served with the same epochs and targets, their generation is their
 * epoch. In: a join. Out: an answer at once, for nobody waits for others here; what it got the member fetches with SyncGroup.
 */
import { assert } from '@millrace/base';
import { errors } from '@millrace/protocol';

import { noRecords, type Decision } from '../decision.ts';
import { idRequiredSince, refusedJoin, type Join } from '../join.ts';
import type { JoinAnswer } from '../member.ts';
import type { CoordinatorRecord } from '../records.ts';
import type { Shard } from '../shard.ts';
import { heldPartitions, subscriptionIn, type ReadSubscription } from './consumer-protocol.ts';
import { downgradeWithReturn, mayDowngradeWithReturn } from './downgrade.ts';
import type { ConsumerGroup } from './group.ts';
import { replaced } from './identity.ts';
import { newMember, sameNames, sortedNames, type ConsumerMember } from './member.ts';
import { afterStep, moveOn, type Change, type Step } from './step.ts';

export function decideClassicJoin(shard: Shard, group: ConsumerGroup, join: Join): Decision {
  const { request, caller, waiter } = join;
  const { groupInstanceId: instanceId } = request;
  const memberId = request.memberId === '' ? group.environment.newId() : request.memberId;
  const refuse = (errorCode: number, id = memberId): Decision => {
    waiter.answer(refusedJoin(id, errorCode));
    return noRecords;
  };
  const errorCode = joinError(group, join);
  if (errorCode !== errors.NONE) return refuse(errorCode, request.memberId);
  const subscription = subscriptionIn(request.protocols[0]?.metadata ?? Buffer.alloc(0));
  if (subscription === undefined) return refuse(errors.INCONSISTENT_GROUP_PROTOCOL, request.memberId);
  if (request.memberId === '' && instanceId === null && caller.apiVersion >= idRequiredSince)
    return refuse(errors.MEMBER_ID_REQUIRED);
  const records: CoordinatorRecord[] = [];
  const found = memberOf(group, memberId, request.memberId === '', instanceId, records);
  if (typeof found === 'number') return refuse(found, request.memberId);
  const { member, before } = found;
  const come = subscribed(member, join, subscription);
  const holds = heldPartitions(subscription, group.environment.topics);
  const change = { group, records, before, member, come, holds };
  if (before !== undefined && before.id !== member.id && mayDowngradeWithReturn(group, before)) {
    const downgrade = returnToClassic(shard, change, before, join);
    if (downgrade !== undefined) return downgrade;
  }
  return joined(shard, group, moveOn(change), join);
}

function joinError(group: ConsumerGroup, { request: { memberId, protocolType, protocols } }: Join): number {
  const { mayUpgrade, mayDowngrade, membersMax } = group.environment.settings.consumer;
  if (!mayUpgrade && !mayDowngrade) return errors.INCONSISTENT_GROUP_PROTOCOL;
  if (group.members.size >= membersMax && !group.members.has(memberId)) return errors.GROUP_MAX_SIZE_REACHED;
  return group.supports(protocolType, protocols) ? errors.NONE : errors.INCONSISTENT_GROUP_PROTOCOL;
}

interface Found {
  readonly member: ConsumerMember;
  readonly before: ConsumerMember | undefined;
}

function memberOf(
  group: ConsumerGroup,
  memberId: string,
  isUnknown: boolean,
  instanceId: string | null,
  records: CoordinatorRecord[],
): Found | number {
  const byId = group.members.get(memberId);
  if (instanceId === null) return { member: byId ?? newMember(memberId), before: byId };
  const present = group.memberOfInstance(instanceId);
  if (!isUnknown) {
    if (present === undefined) return errors.UNKNOWN_MEMBER_ID;
    return present.id === memberId ? { member: present, before: present } : errors.FENCED_INSTANCE_ID;
  }
  if (present === undefined) return { member: byId ?? newMember(memberId), before: byId };
  return { member: replaced(group, present, memberId, records), before: present };
}

/** The same object when the join says nothing new. */
function subscribed(member: ConsumerMember, { request, caller }: Join, subscription: ReadSubscription): ConsumerMember {
  const { groupInstanceId, rebalanceTimeoutMs, sessionTimeoutMs, protocols } = request;
  const topics = sortedNames(subscription.topics);
  const known = member.classic;
  const isKnown =
    known?.sessionTimeoutMs === sessionTimeoutMs &&
    known.protocols.length === protocols.length &&
    protocols.every(
      ({ name, metadata }, index) =>
        known.protocols[index]?.name === name && known.protocols[index].metadata.equals(metadata),
    );
  const come: ConsumerMember = {
    ...member,
    instanceId: groupInstanceId ?? member.instanceId,
    rackId: subscription.rackId === null || subscription.rackId === '' ? member.rackId : subscription.rackId,
    rebalanceTimeoutMs: rebalanceTimeoutMs === -1 ? member.rebalanceTimeoutMs : rebalanceTimeoutMs,
    topics: sameNames(topics, member.topics) ? member.topics : topics,
    pattern: '',
    clientId: caller.clientId,
    clientHost: caller.clientHost,
    classic: isKnown ? known : { sessionTimeoutMs, protocols },
  };
  const keys = Object.keys(come) as (keyof ConsumerMember)[];
  return keys.every((key) => come[key] === member[key]) ? member : come;
}

function joined(shard: Shard, { id }: ConsumerGroup, step: Step, { request, waiter }: Join): Decision {
  const { member } = step;
  const written = (): void => {
    const group = shard.groups.get(id);
    assert(group?.kind === 'consumer', 'it is one still');
    group.timers.cancel(member.id, 'join');
    group.timers.set(member.id, 'session', request.sessionTimeoutMs);
    group.timers.set(member.id, 'sync', request.rebalanceTimeoutMs);
    afterStep(shard, group, step);
    waiter.answer(answerOf(member));
  };
  if (step.records.length > 0)
    return {
      records: step.records,
      written,
      failed: (errorCode) => waiter.answer(refusedJoin(request.memberId, errorCode)),
    };
  written();
  return noRecords;
}

/** With it the last member of the new protocol is gone: it, and all others, are in a classic group. */
function returnToClassic(
  shard: Shard,
  change: Change,
  before: ConsumerMember,
  { request, waiter }: Join,
): Decision | undefined {
  const { group, member, come } = change;
  const hasNewSubscription = !sameNames(member.topics, come.topics) || (member.pattern ?? '') !== '';
  const downgrade = downgradeWithReturn(shard, group, before, come, hasNewSubscription);
  if (downgrade === undefined) return undefined;
  return {
    records: [...change.records, ...downgrade.records],
    written: () => {
      downgrade.written();
      waiter.answer({ ...answerOf(come), generationId: group.epoch });
    },
    failed: (errorCode) => waiter.answer(refusedJoin(request.memberId, errorCode)),
  };
}

function answerOf({ id, epoch, classic }: ConsumerMember): JoinAnswer {
  return {
    ...refusedJoin(id, errors.NONE),
    generationId: epoch,
    protocolType: 'consumer',
    protocolName: classic?.protocols[0]?.name ?? null,
  };
}
