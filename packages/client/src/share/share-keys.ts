/** The options of a share consumer, under Kafka's own names, with the defaults of Kafka 4.4's Java client. */
import { boolean, int, string } from '@millrace/base';

import { clientKeys } from '../options/client-keys.ts';

export const shareKeys = {
  ...clientKeys,
  'group.id': string(null, { importance: 'high' }, 'The share group that this consumer reads with.'),
  'share.acknowledgement.mode': string(
    'implicit',
    { oneOf: ['implicit', 'explicit'], anyCase: true },
    'Who says that a record is done with: coming for the next one (implicit), or acknowledge (explicit).',
  ),
  'share.acquire.mode': string(
    'batch_optimized',
    { oneOf: ['batch_optimized', 'record_limit'], anyCase: true },
    'Whether whole batches are acquired beyond max.poll.records, or never more records than that (KIP-1206).',
  ),
  'max.poll.records': int(500, { min: 1 }, 'How many records are asked for at a time.'),
  'max.poll.interval.ms': int(300_000, { min: 1 }, 'A member that asks for nothing for longer than this leaves.'),
  'fetch.min.bytes': int(
    1,
    { min: 0, importance: 'high' },
    'A broker waits until it has this much, or fetch.max.wait.ms are over.',
  ),
  'fetch.max.bytes': int(52_428_800, { min: 0 }, 'The most that one answer brings.'),
  'fetch.max.wait.ms': int(500, { min: 0, importance: 'low' }, 'How long a broker waits for fetch.min.bytes.'),
  'check.crcs': boolean(true, { importance: 'low' }, 'Whether the checksums of batches are compared.'),
  'allow.auto.create.topics': boolean(true, {}, 'Whether a topic that is subscribed to and not there is made.'),
} as const;
