/**
 * How a group gets from one generation to the next.
 *
 *     Empty ──join──▶ PreparingRebalance ──all rejoined, or time is up──▶ CompletingRebalance ──leader syncs──▶ Stable
 *       ▲                    │  ▲  ▲                                            │                                │
 *       └──nobody rejoined───┘  │  └────join, leave, member expired, sync late──┘                                │
 *                               └────────────join with news, leave, member expired───────────────────────────────┘
 *
 * In: a group in which something happened. Out: the group one step further, waiting members answered; a decision with a record
 * when the step is one that is stored.
 */
import { errors } from '@millrace/protocol';

import { noRecords, type Decision } from './decision.ts';
import type { ClassicGroup, GroupTimeouts } from './group.ts';
import { noBytes, type JoinAnswer, type Member } from './member.ts';
import { emptyMetadata } from './records.ts';

export const rebalanceTimeouts: GroupTimeouts = { joinEnded, syncEnded, memberExpired, pendingJoinExpired };

/** Something changed that makes the present generation useless. */
export function rebalance(group: ClassicGroup, reason: string): Decision {
  if (group.state === 'PreparingRebalance') return completeJoinIfReady(group);
  if (group.state === 'CompletingRebalance') propagate(group, errors.REBALANCE_IN_PROGRESS, new Map());
  group.pendingSyncs.clear();
  group.syncDeadline.cancel();
  const isFirst = group.state === 'Empty';
  group.environment.log.info(
    { group: group.id, generation: group.generationId, state: group.state, reason },
    'group prepares a rebalance',
  );
  group.moveTo('PreparingRebalance');
  if (isFirst) {
    const delayMs = group.environment.settings.initialRebalanceDelayMs;
    wait(group, delayMs, Math.max(group.rebalanceTimeoutMs - delayMs, 0));
    return noRecords;
  }
  group.initialDelay = undefined;
  if (group.hasEveryoneJoined) return completeJoin(group);
  group.joinDeadline.set(group.rebalanceTimeoutMs);
  return noRecords;
}

/** The last one who was waited for is there, or gone. During the initial delay there may be others still. */
export function completeJoinIfReady(group: ClassicGroup): Decision {
  const isReady = group.state === 'PreparingRebalance' && group.previousState !== 'Empty' && group.hasEveryoneJoined;
  return isReady ? completeJoin(group) : noRecords;
}

/** The answer to a member whose generation has formed. */
export function joinedAnswer(group: ClassicGroup, member: Member): JoinAnswer {
  return {
    errorCode: errors.NONE,
    generationId: group.generationId,
    protocolType: group.protocolType ?? null,
    protocolName: group.protocolName ?? null,
    leader: group.leaderId ?? '',
    skipAssignment: false,
    memberId: member.id,
    members: group.isLeader(member.id) ? group.joinedMembers() : [],
  };
}

/** Every member gets its part of the assignments, and those who wait for it an answer. */
export function propagate(group: ClassicGroup, errorCode: number, assignments: ReadonlyMap<string, Buffer>): void {
  const isGood = errorCode === errors.NONE;
  for (const member of group.members.values()) {
    member.assignment = assignments.get(member.id) ?? noBytes;
    group.answerSync(member, {
      errorCode,
      protocolType: isGood ? (group.protocolType ?? null) : null,
      protocolName: isGood ? (group.protocolName ?? null) : null,
      assignment: member.assignment,
    });
  }
}

function completeJoin(group: ClassicGroup): Decision {
  const { log } = group.environment;
  group.joinDeadline.cancel();
  group.initialDelay = undefined;
  for (const member of group.members.values()) {
    if (member.joining === undefined && !member.isStatic) group.remove(member, errors.UNKNOWN_MEMBER_ID);
  }
  if (group.members.size === 0) return becomeEmpty(group);
  if (!group.electLeader()) {
    // Only static members, and none came back: they keep their places until their sessions end.
    group.joinDeadline.set(group.rebalanceTimeoutMs);
    return noRecords;
  }
  group.beginGeneration();
  log.info(
    { group: group.id, generation: group.generationId, members: group.members.size },
    'group has a new generation',
  );
  for (const member of group.members.values()) {
    group.answerJoin(member, joinedAnswer(group, member));
    member.keepAlive();
    member.isNew = false;
    group.pendingSyncs.add(member.id);
  }
  group.syncDeadline.set(group.rebalanceTimeoutMs);
  return noRecords;
}

/** An empty generation is worth a record, so that a restart does not bring the members back. */
function becomeEmpty(group: ClassicGroup): Decision {
  const value = emptyMetadata(group.protocolType ?? '', group.generationId + 1, group.environment.clock.now());
  const { log } = group.environment;
  return {
    records: [{ type: 'GroupMetadata', group: group.id, value }],
    written: () => log.info({ group: group.id, generation: value.generation }, 'group is empty'),
    // Nobody is left to tell; if the broker ends before the next record, the old members come back and time out.
    failed: () => {
      log.warn({ group: group.id, generation: value.generation }, 'group is empty, and that could not be stored');
      group.replay(value);
    },
  };
}

function wait(group: ClassicGroup, delayMs: number, remainingMs: number): void {
  group.initialDelay = { delayMs, remainingMs, isExtended: false };
  group.joinDeadline.set(delayMs);
}

function joinEnded(group: ClassicGroup): Decision {
  if (group.state !== 'PreparingRebalance') return noRecords;
  const delay = group.initialDelay;
  if (delay === undefined || !delay.isExtended || delay.remainingMs === 0) return completeJoin(group);
  const next = Math.min(group.environment.settings.initialRebalanceDelayMs, delay.remainingMs);
  wait(group, next, Math.max(delay.remainingMs - delay.delayMs, 0));
  return noRecords;
}

function syncEnded(group: ClassicGroup): Decision {
  if (group.pendingSyncs.size === 0 || (group.state !== 'CompletingRebalance' && group.state !== 'Stable'))
    return noRecords;
  const late = [...group.pendingSyncs];
  for (const memberId of late) {
    const member = group.members.get(memberId);
    if (member !== undefined) group.remove(member, errors.UNKNOWN_MEMBER_ID);
  }
  return rebalance(group, `${late.length} member(s) did not sync in time: ${late.join(', ')}`);
}

function memberExpired(group: ClassicGroup, memberId: string): Decision {
  const member = group.members.get(memberId);
  if (member === undefined || member.isExcused) return noRecords;
  group.remove(member, errors.UNKNOWN_MEMBER_ID);
  const reason = `member ${memberId} did not heartbeat for its session timeout`;
  if (group.state !== 'PreparingRebalance') return rebalance(group, reason);
  group.environment.log.info({ group: group.id, reason }, 'member is removed');
  return group.hasEveryoneJoined ? completeJoin(group) : noRecords;
}

function pendingJoinExpired(group: ClassicGroup, memberId: string): Decision {
  group.dropPendingJoin(memberId);
  return group.state === 'PreparingRebalance' && group.hasEveryoneJoined ? completeJoin(group) : noRecords;
}
