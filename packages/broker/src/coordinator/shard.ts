/**
 * The state of one partition of `__consumer_offsets`: its groups and their offsets. In: records, from the log at a start and from
 * decisions afterwards. Out: what decisions look at. Knows no log; runtime.ts brings records to and from it.
 */
import { errors } from '@millrace/protocol';

import { memberEnded } from './consumer/consumer-leave.ts';
import { ConsumerGroup, type MemberEnded } from './consumer/group.ts';
import type { ConsumerRecord } from './consumer/records.ts';
import { watchRevocation } from './consumer/step.ts';
import type { GroupEnvironment } from './environment.ts';
import { ClassicGroup } from './group.ts';
import { Offsets } from './offsets.ts';
import { rebalance, rebalanceTimeouts } from './rebalance.ts';
import { noRecords, type Decision } from './decision.ts';
import type { CoordinatorRecord, RecordPlace, RecordSink } from './records.ts';

/** What goes by one group id. */
export type Group = ClassicGroup | ConsumerGroup;

export class Shard implements RecordSink {
  readonly environment: GroupEnvironment;
  readonly groups = new Map<string, Group>();
  readonly offsets = new Offsets();
  readonly #memberEnded: MemberEnded = memberEnded(this);

  constructor(environment: GroupEnvironment) {
    this.environment = environment;
  }

  record(record: CoordinatorRecord, place: RecordPlace): void {
    const { group: groupId } = record;
    if (record.type === 'OffsetCommit') {
      // Who only stores offsets is a group too: an empty one of no protocol type.
      if (record.value !== null && !this.groups.has(groupId)) this.#classicGroupOf(groupId);
      this.offsets.replay(groupId, record.topic, record.partition, record.value, place);
    } else if (record.type !== 'GroupMetadata') {
      this.#consumerRecord(record);
    } else if (record.value !== null) {
      this.#classicGroupOf(groupId).replay(record.value);
    } else if (this.groups.get(groupId)?.kind === 'classic') {
      this.#end(groupId);
    }
  }

  transactionEnded(producerId: number, committed: boolean): void {
    this.offsets.endTransaction(producerId, committed);
  }

  unreadable(reason: string): void {
    this.environment.log.warn(
      { reason },
      'a stored record of the groups was passed over: a newer broker wrote it, or it is damaged',
    );
  }

  /** All that was stored is in: members have their whole session timeout from now on. */
  loaded(): Decision {
    const { log, settings } = this.environment;
    for (const group of this.groups.values()) {
      if (group.kind === 'consumer') beginSessions(group);
      else for (const member of group.members.values()) member.keepAlive();
      if (group.members.size > 0) log.info(loadedGroup(group), 'group is loaded');
      if (group.kind === 'classic' && group.members.size > settings.membersMax)
        rebalance(group, `it has more than ${settings.membersMax} members`);
    }
    return noRecords;
  }

  /** Whoever waits is told; nothing of this shard happens any more. */
  end(errorCode: number): void {
    for (const group of this.groups.values()) group.end(errorCode);
    this.groups.clear();
  }

  #consumerRecord(record: ConsumerRecord): void {
    const { group: groupId } = record;
    const group = this.groups.get(groupId);
    if (group?.kind === 'consumer') {
      group.replay(record);
      if (record.type === 'ConsumerGroupMetadata' && record.value === null) this.#end(groupId);
    } else if (record.value !== null) {
      this.#end(groupId);
      const created = new ConsumerGroup(groupId, this.environment, this.#memberEnded);
      this.groups.set(groupId, created);
      created.replay(record);
    }
  }

  /** In the place of a consumer group, should there be one. */
  #classicGroupOf(id: string): ClassicGroup {
    const present = this.groups.get(id);
    if (present?.kind === 'classic') return present;
    this.#end(id);
    const group = new ClassicGroup(id, this.environment, rebalanceTimeouts);
    this.groups.set(id, group);
    return group;
  }

  #end(id: string): void {
    this.groups.get(id)?.end(errors.UNKNOWN_MEMBER_ID);
    this.groups.delete(id);
  }
}

function beginSessions(group: ConsumerGroup): void {
  const { sessionTimeoutMs } = group.environment.settings.consumer.of(group.id);
  for (const member of group.members.values()) {
    group.timers.set(member.id, 'session', member.classic?.sessionTimeoutMs ?? sessionTimeoutMs);
    if (member.classic === null && member.state === 'UNREVOKED_PARTITIONS') watchRevocation(group, member);
  }
}

function loadedGroup(group: Group): Readonly<Record<string, unknown>> {
  const { id, members, kind } = group;
  const generation = kind === 'classic' ? group.generationId : group.epoch;
  return { group: id, kind, generation, members: members.size };
}
