/**
 * ConsumerGroupHeartbeat, the one request of a consumer group's members. In: someone who joins, is alive, says what it reads and
 * holds, or leaves. Out: its epoch, and its partitions when they are others than before; records for whatever changed, none otherwise.
 *
 *     who is it? ──▶ what does it read? ──▶ is the group's epoch a new one? ──▶ share out anew ──▶ one step towards the target
 */
import { assert } from '@millrace/base';
import { errors } from '@millrace/protocol';

import type { Caller } from '../caller.ts';
import { noRecords, type Decision } from '../decision.ts';
import type { CoordinatorRecord } from '../records.ts';
import type { Shard } from '../shard.ts';
import type { Waiter } from '../waiter.ts';
import type { ConsumerGroup } from './group.ts';
import {
  isRefusal,
  joiningEpoch,
  refusal,
  refusedHeartbeat,
  type HeartbeatAnswer,
  type HeartbeatRequest,
  type Refusal,
} from './heartbeat-request.ts';
import { decideConsumerLeave } from './consumer-leave.ts';
import { epochFault, instanceFault, replaced, unknownMember, unreleased } from './identity.ts';
import { newMember, sameNames, sortedNames, type ConsumerMember } from './member.ts';
import { patternFault } from './pattern.ts';
import { afterStep, moveOn, type Step } from './step.ts';
import { groupToJoin } from './upgrade.ts';

export function decideConsumerHeartbeat(
  shard: Shard,
  request: HeartbeatRequest,
  caller: Caller,
  waiter: Waiter<HeartbeatAnswer>,
): Decision {
  if (request.memberEpoch < joiningEpoch) return decideConsumerLeave(shard, request, waiter);
  const refuse = (fault: Refusal): Decision => {
    waiter.answer(refusedHeartbeat(fault));
    return noRecords;
  };
  const joined = groupOf(shard, request);
  if (isRefusal(joined)) return refuse(joined);
  const { group, records } = joined;
  const fullFault = roomFault(group, request.memberId);
  if (fullFault !== undefined) return refuse(fullFault);
  const found = memberOf(group, request, records);
  if (isRefusal(found)) return refuse(found);
  const { member, before } = found;
  const come = subscribed(member, request, caller);
  const fault = changedPatternFault(group, member, come) ?? unknownStateFault(come, request);
  if (fault !== undefined) return refuse(fault);
  const step = moveOn({ group, records, before, member, come, holds: request.topicPartitions });
  const answer = answerOf(group, request, member, step.member);
  return finish(shard, group, step, answer, waiter);
}

function finish(
  shard: Shard,
  draft: ConsumerGroup,
  step: Step,
  answer: HeartbeatAnswer,
  waiter: Waiter<HeartbeatAnswer>,
): Decision {
  const written = (): void => {
    const group = shard.groups.get(draft.id);
    assert(group?.kind === 'consumer', 'replay brings in the group');
    // Members of a classic group that came along have all their time.
    if (group !== draft)
      for (const { id, classic } of group.members.values())
        if (classic !== null) group.timers.set(id, 'session', classic.sessionTimeoutMs);
    const { sessionTimeoutMs } = draft.environment.settings.consumer.of(draft.id);
    group.timers.set(step.member.id, 'session', sessionTimeoutMs);
    afterStep(shard, group, step);
    waiter.answer(answer);
  };
  if (step.records.length > 0) return { records: step.records, written, failed: (errorCode) => waiter.fail(errorCode) };
  written();
  return noRecords;
}

interface Joined {
  /** As it will be when the records are in: the group itself, or one that is only thought of yet. */
  readonly group: ConsumerGroup;
  readonly records: CoordinatorRecord[];
}

function groupOf(shard: Shard, { groupId, memberEpoch }: HeartbeatRequest): Joined | Refusal {
  const group = shard.groups.get(groupId);
  if (group?.kind === 'consumer') return { group, records: [] };
  if (memberEpoch === joiningEpoch) return groupToJoin(shard, groupId, group);
  return refusal(
    errors.GROUP_ID_NOT_FOUND,
    group === undefined ? `Consumer group ${groupId} not found.` : `Group ${groupId} is not a consumer group.`,
  );
}

function roomFault(group: ConsumerGroup, memberId: string): Refusal | undefined {
  const { membersMax } = group.environment.settings.consumer;
  if (group.members.size < membersMax || group.members.has(memberId)) return undefined;
  const text = `The consumer group has reached its maximum capacity of ${membersMax} members.`;
  return refusal(errors.GROUP_MAX_SIZE_REACHED, text);
}

interface Found {
  readonly member: ConsumerMember;
  /** Whose place in the group it takes; undefined for who is new. */
  readonly before: ConsumerMember | undefined;
}

/** The member that asks, as it was until now; a static one may come back under another id. */
function memberOf(group: ConsumerGroup, request: HeartbeatRequest, records: CoordinatorRecord[]): Found | Refusal {
  const { memberEpoch, instanceId, topicPartitions } = request;
  const memberId = request.memberId === '' ? group.environment.newId() : request.memberId;
  if (instanceId === null) {
    const before = group.members.get(memberId);
    if (before === undefined)
      return memberEpoch === joiningEpoch ? { member: newMember(memberId), before } : unknownMember(memberId, group.id);
    return epochFault(before, memberEpoch, topicPartitions) ?? { member: before, before };
  }
  const present = group.memberOfInstance(instanceId);
  if (memberEpoch !== joiningEpoch) {
    const fault =
      instanceFault(present, memberId, instanceId) ??
      (present === undefined ? undefined : epochFault(present, memberEpoch, topicPartitions));
    return present === undefined || fault !== undefined
      ? (fault ?? unknownMember(memberId, group.id))
      : { member: present, before: present };
  }
  if (present === undefined) {
    const before = group.members.get(memberId);
    return { member: before ?? newMember(memberId), before };
  }
  const fault = present.classic === null ? unreleased(present, memberId, instanceId) : undefined;
  return fault ?? { member: replaced(group, present, memberId, records), before: present };
}

/** The same object when the request says nothing new, which is so nearly always. */
function subscribed(member: ConsumerMember, request: HeartbeatRequest, caller: Caller): ConsumerMember {
  const { instanceId, rackId, rebalanceTimeoutMs, serverAssignor: assignor, subscribedTopicRegex: pattern } = request;
  const { clientId, clientHost } = caller;
  const topics = topicsOf(member, request);
  const saysNothing =
    (instanceId === null || instanceId === member.instanceId) &&
    (rackId === null || rackId === member.rackId) &&
    (rebalanceTimeoutMs === -1 || rebalanceTimeoutMs === member.rebalanceTimeoutMs) &&
    (assignor === null || assignor === member.assignor) &&
    (pattern === null || pattern === member.pattern) &&
    topics === member.topics &&
    clientId === member.clientId &&
    clientHost === member.clientHost &&
    member.classic === null;
  if (saysNothing) return member;
  return {
    ...member,
    instanceId: instanceId ?? member.instanceId,
    rackId: rackId ?? member.rackId,
    rebalanceTimeoutMs: rebalanceTimeoutMs === -1 ? member.rebalanceTimeoutMs : rebalanceTimeoutMs,
    assignor: assignor ?? member.assignor,
    pattern: pattern ?? member.pattern,
    topics,
    clientId,
    clientHost,
    classic: null,
  };
}

/** The same list when it names the same. */
function topicsOf({ topics }: ConsumerMember, { subscribedTopicNames: names }: HeartbeatRequest): readonly string[] {
  if (names === null || sameNames(names, topics)) return topics;
  const sorted = sortedNames(names);
  return sameNames(sorted, topics) ? topics : sorted;
}

/** Only a pattern that nobody in the group uses yet has to be looked at. */
function changedPatternFault(group: ConsumerGroup, member: ConsumerMember, come: ConsumerMember): Refusal | undefined {
  const { pattern } = come;
  if (pattern === member.pattern || pattern === null || pattern === '' || group.patternUsers.has(pattern))
    return undefined;
  const text = patternFault(pattern);
  return text === undefined ? undefined : refusal(errors.INVALID_REGULAR_EXPRESSION, text);
}

function unknownStateFault({ state }: ConsumerMember, { topicPartitions }: HeartbeatRequest): Refusal | undefined {
  if (state !== 'UNKNOWN' || topicPartitions?.length === 0) return undefined;
  const text =
    'The consumer group member is in a unknown state. The member must abandon all its partitions and rejoin.';
  return refusal(errors.FENCED_MEMBER_EPOCH, text);
}

/** Its partitions are told when they changed, and to who says everything of itself: such a member knows nothing. */
function answerOf(
  group: ConsumerGroup,
  request: HeartbeatRequest,
  before: ConsumerMember,
  member: ConsumerMember,
): HeartbeatAnswer {
  const { memberEpoch, rebalanceTimeoutMs, subscribedTopicNames, subscribedTopicRegex, topicPartitions } = request;
  const saysAll =
    rebalanceTimeoutMs !== -1 &&
    (subscribedTopicNames !== null || subscribedTopicRegex !== null) &&
    topicPartitions !== null;
  const isTold = memberEpoch === joiningEpoch || saysAll || before.assigned !== member.assigned;
  return {
    errorCode: errors.NONE,
    errorMessage: null,
    memberId: member.id,
    memberEpoch: member.epoch,
    heartbeatIntervalMs: group.environment.settings.consumer.of(group.id).heartbeatIntervalMs,
    assignment: isTold
      ? {
          topicPartitions: [...member.assigned].map(([topicId, partitions]) => ({
            topicId,
            partitions: [...partitions.keys()].sort((left, right) => left - right),
          })),
        }
      : null,
  };
}
