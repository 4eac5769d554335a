/** The options of a producer, under Kafka's own names, with the defaults of Java's. Only `linger.ms` differs: 0 is adaptive here. */
import { boolean, className, int, intMax, long, string } from '@millrace/base';

import { clientKeys } from '../options/client-keys.ts';

export const producerKeys = {
  ...clientKeys,
  acks: string(
    'all',
    { oneOf: ['all', '-1', '0', '1'] },
    'Who must have a record before it counts as sent: all replicas in sync, the leader (1), or nobody (0).',
  ),
  'batch.size': int(131_072, { min: 0 }, 'Records of one partition are sent together up to this many bytes.'),
  'linger.ms': long(
    0,
    { min: 0 },
    'How long records wait for company. 0: until the end of the turn, or while the broker has a request to answer and there are not 64 KiB yet.',
  ),
  'buffer.memory': long(33_554_432, { min: 0 }, 'Bytes of records that may wait to be acknowledged.'),
  'max.block.ms': long(60_000, { min: 0 }, 'How long `send` may wait for metadata and for memory.'),
  'max.request.size': int(1_048_576, { min: 0 }, 'The largest request, and the largest record before compression.'),
  retries: int(intMax, { min: 0, max: intMax }, 'How often a batch is sent again; delivery.timeout.ms is what counts.'),
  'delivery.timeout.ms': int(120_000, { min: 0 }, 'A record that is not acknowledged after this time has failed.'),
  'max.in.flight.requests.per.connection': int(5, { min: 1 }, 'Produce requests to one broker without an answer.'),
  'enable.idempotence': boolean(true, {}, 'Brokers write each record once, in order, however often it is sent.'),
  'compression.type': string(
    'none',
    { oneOf: ['none', 'gzip', 'snappy', 'lz4', 'zstd'] },
    'How batches are compressed.',
  ),
  'compression.gzip.level': int(-1, { min: 1, max: 9, except: -1 }, 'Of gzip; -1 leaves it to the library.'),
  'compression.lz4.level': int(9, { min: 1, max: 17 }, 'Of lz4; without effect, as there is one way to write it here.'),
  'compression.zstd.level': int(3, { min: -131_072, max: 22 }, 'Of zstd.'),
  'partitioner.class': className(
    null,
    {},
    'RoundRobinPartitioner, with or without its Java package; own functions go into `partitioner`.',
  ),
  'partitioner.ignore.keys': boolean(false, {}, 'Whether records with keys are spread like those without.'),
  'partitioner.adaptive.partitioning.enable': boolean(
    true,
    { importance: 'low' },
    'Whether partitions of brokers that answer fast get more of the records without keys.',
  ),
  'partitioner.availability.timeout.ms': long(
    0,
    { min: 0, importance: 'low' },
    'A partition whose broker has taken nothing for this time gets no records without keys; 0: never.',
  ),
  'partitioner.rack.aware': boolean(
    false,
    { importance: 'low' },
    'Whether records without keys go to partitions whose leaders are in client.rack, while there are any (KIP-1123).',
  ),
  'transactional.id': string(null, { nonEmpty: true }, 'The name under which transactions of this producer are kept.'),
  'transaction.timeout.ms': int(60_000, {}, 'The coordinator aborts a transaction after this time.'),
  'transaction.two.phase.commit.enable': boolean(
    false,
    { importance: 'low' },
    'Transactions that an outside coordinator decides (KIP-939); refused, as no broker offers it yet.',
  ),
  'metadata.max.idle.ms': long(
    300_000,
    { min: 5000, importance: 'low' },
    'A topic that was not written to for this time is not looked up any more.',
  ),
} as const;
