/**
 * The state of one partition of `__consumer_offsets`: its groups and their offsets. In: records, from the log at a start and from
 * decisions afterwards. Out: what decisions look at. Knows no log; runtime.ts brings records to and from it.
 */
import { errors } from '@millrace/protocol';

import type { GroupEnvironment } from './environment.ts';
import { ClassicGroup } from './group.ts';
import { Offsets } from './offsets.ts';
import { rebalance, rebalanceTimeouts } from './rebalance.ts';
import { noRecords, type Decision } from './decision.ts';
import type { CoordinatorRecord, RecordPlace, RecordSink } from './records.ts';

export class Shard implements RecordSink {
  readonly environment: GroupEnvironment;
  readonly groups = new Map<string, ClassicGroup>();
  readonly offsets = new Offsets();

  constructor(environment: GroupEnvironment) {
    this.environment = environment;
  }

  record(record: CoordinatorRecord, place: RecordPlace): void {
    const { group: groupId } = record;
    if (record.type === 'OffsetCommit') {
      // Who only stores offsets is a group too: an empty one of no protocol type.
      if (record.value !== null) this.#groupOf(groupId);
      this.offsets.replay(groupId, record.topic, record.partition, record.value, place);
    } else if (record.value === null) {
      this.groups.get(groupId)?.end(errors.UNKNOWN_MEMBER_ID);
      this.groups.delete(groupId);
    } else {
      this.#groupOf(groupId).replay(record.value);
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
      for (const member of group.members.values()) member.keepAlive();
      if (group.members.size > 0)
        log.info({ group: group.id, generation: group.generationId, members: group.members.size }, 'group is loaded');
      if (group.members.size > settings.membersMax) rebalance(group, `it has more than ${settings.membersMax} members`);
    }
    return noRecords;
  }

  /** Whoever waits is told; nothing of this shard happens any more. */
  end(errorCode: number): void {
    for (const group of this.groups.values()) group.end(errorCode);
    this.groups.clear();
  }

  #groupOf(id: string): ClassicGroup {
    let group = this.groups.get(id);
    if (group === undefined) {
      group = new ClassicGroup(id, this.environment, rebalanceTimeouts);
      this.groups.set(id, group);
    }
    return group;
  }
}
