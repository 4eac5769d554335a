/** What a group may set for itself. Where it does not, the broker's key of the same meaning decides. */
import { boolean, changeable, inert, int, string } from '@millrace/base';

const offsetReset = (text: string): string | undefined =>
  /^(latest|earliest|by_duration:P.+)$/.test(text)
    ? undefined
    : 'it must be latest, earliest, or by_duration: with a duration like PT1H';

export const groupKeys = changeable({
  'consumer.assignment.interval.ms': int(
    1000,
    { min: 0, synonyms: [{ name: 'group.consumer.assignment.interval.ms', factor: 1 }] },
    'How long there is between two new assignments.',
  ),
  'consumer.heartbeat.interval.ms': int(
    5000,
    { min: 1, synonyms: [{ name: 'group.consumer.heartbeat.interval.ms', factor: 1 }] },
    'How often a member of a consumer group is told to send a heartbeat.',
  ),
  'consumer.session.timeout.ms': int(
    45_000,
    { min: 1, synonyms: [{ name: 'group.consumer.session.timeout.ms', factor: 1 }] },
    'After how long without a heartbeat a member of a consumer group is gone.',
  ),
  ...inert({
    'share.assignment.interval.ms': int(
      1000,
      { min: 0, synonyms: [{ name: 'group.share.assignment.interval.ms', factor: 1 }] },
      'How long there is between two new assignments.',
    ),
    'share.auto.offset.reset': string(
      'latest',
      { check: offsetReset },
      'Where a share group begins to read: latest, earliest, or by_duration: and how long ago.',
    ),
    'share.delivery.count.limit': int(
      5,
      { min: 2, synonyms: [{ name: 'group.share.delivery.count.limit', factor: 1 }] },
      'How often a record is handed out before it is given up.',
    ),
    'share.heartbeat.interval.ms': int(
      5000,
      { min: 1, synonyms: [{ name: 'group.share.heartbeat.interval.ms', factor: 1 }] },
      'How often a member of a share group is told to send a heartbeat.',
    ),
    'share.isolation.level': string(
      'read_uncommitted',
      { oneOf: ['read_committed', 'read_uncommitted'] },
      'Whether a share group sees records of transactions that are not committed.',
    ),
    'share.partition.max.record.locks': int(
      2000,
      { min: 100, synonyms: [{ name: 'group.share.partition.max.record.locks', factor: 1 }] },
      'How many records of a partition may be out at once.',
    ),
    'share.record.lock.duration.ms': int(
      30_000,
      { min: 1000, synonyms: [{ name: 'group.share.record.lock.duration.ms', factor: 1 }] },
      'How long a record stays with the member that took it.',
    ),
    'share.renew.acknowledge.enable': boolean(true, {}, 'Let a member keep a record for longer.'),
    'share.session.timeout.ms': int(
      45_000,
      { min: 1, synonyms: [{ name: 'group.share.session.timeout.ms', factor: 1 }] },
      'After how long without a heartbeat a member of a share group is gone.',
    ),
    'streams.assignment.interval.ms': int(
      1000,
      { min: 0, synonyms: [{ name: 'group.streams.assignment.interval.ms', factor: 1 }] },
      'How long there is between two new assignments.',
    ),
    'streams.heartbeat.interval.ms': int(
      5000,
      { min: 1, synonyms: [{ name: 'group.streams.heartbeat.interval.ms', factor: 1 }] },
      'How often a member of a streams group is told to send a heartbeat.',
    ),
    'streams.initial.rebalance.delay.ms': int(
      3000,
      { min: 0, synonyms: [{ name: 'group.streams.initial.rebalance.delay.ms', factor: 1 }] },
      'How long an empty streams group waits for more members.',
    ),
    'streams.num.standby.replicas': int(
      0,
      { min: 0, synonyms: [{ name: 'group.streams.num.standby.replicas', factor: 1 }] },
      'How many warm copies of its state a streams group keeps.',
    ),
    'streams.session.timeout.ms': int(
      45_000,
      { min: 1, synonyms: [{ name: 'group.streams.session.timeout.ms', factor: 1 }] },
      'After how long without a heartbeat a member of a streams group is gone.',
    ),
  }),
});
