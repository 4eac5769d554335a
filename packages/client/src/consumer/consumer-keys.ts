/** The options of a consumer, under Kafka's own names, with the defaults of Kafka 4.4's Java client. */
import { boolean, int, list, string } from '@millrace/base';

import { clientKeys } from '../options/client-keys.ts';
import { resetFault } from './offsets/reset-policy.ts';

export const consumerKeys = {
  ...clientKeys,
  'group.id': string(
    null,
    { importance: 'high' },
    'The group that this consumer reads with. Without it nothing is committed.',
  ),
  'group.instance.id': string(
    null,
    {},
    'A name that stays over restarts: the group waits for it to come back (KIP-345).',
  ),
  'group.protocol': string(
    'classic',
    { oneOf: ['classic', 'consumer'], anyCase: true, importance: 'high' },
    'How partitions are shared out: by a member (classic), or by the broker (consumer, KIP-848).',
  ),
  'group.remote.assignor': string(null, {}, 'The assignor that the broker uses with group.protocol=consumer.'),
  'session.timeout.ms': int(
    45_000,
    { min: 0, importance: 'high' },
    'A member that is not heard of for this long is out.',
  ),
  'heartbeat.interval.ms': int(3000, { min: 1, importance: 'high' }, 'How often a member is heard of.'),
  'partition.assignment.strategy': list(
    'range,cooperative-sticky',
    {},
    'How a classic group shares partitions out: range, roundrobin, sticky, cooperative-sticky, or the names of Java’s classes.',
  ),
  'max.poll.interval.ms': int(
    300_000,
    { min: 1 },
    'A member whose handler takes longer than this gives its partitions up.',
  ),
  'max.poll.records': int(500, { min: 1 }, 'How many records of one partition are handed out in a row.'),
  'enable.auto.commit': boolean(true, {}, 'Whether what was processed is committed now and then, and at the end.'),
  'auto.commit.interval.ms': int(5000, { min: 0, importance: 'low' }, 'How often that is.'),
  'auto.offset.reset': string(
    'latest',
    { check: resetFault },
    'Where to begin when nothing is committed or it is gone: earliest, latest, none, or by_duration:PT… before now (KIP-1106).',
  ),
  'isolation.level': string(
    'read_uncommitted',
    { oneOf: ['read_uncommitted', 'read_committed'], anyCase: true },
    'Whether records of transactions are seen before these are committed.',
  ),
  'fetch.min.bytes': int(
    1,
    { min: 0, importance: 'high' },
    'A broker waits until it has this much, or fetch.max.wait.ms are over.',
  ),
  'fetch.max.bytes': int(52_428_800, { min: 0 }, 'The most that one answer brings, and that is kept ahead in all.'),
  'fetch.max.wait.ms': int(
    500,
    { min: 0, importance: 'low' },
    'How long a broker waits for fetch.min.bytes. One that has had nothing eight times waits ten times as long, if fetch.min.bytes is 1.',
  ),
  'max.partition.fetch.bytes': int(
    1_048_576,
    { min: 0, importance: 'high' },
    'The most that one answer brings of a partition; at twice as much kept ahead, no more is asked for. A larger batch is read all the same.',
  ),
  'check.crcs': boolean(true, { importance: 'low' }, 'Whether the checksums of batches are compared.'),
  'allow.auto.create.topics': boolean(true, {}, 'Whether a topic that is subscribed to and not there is made.'),
  'exclude.internal.topics': boolean(true, {}, 'Whether patterns leave the cluster’s own topics out.'),
} as const;
