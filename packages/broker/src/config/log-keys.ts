/** Segments, retention, timestamps, compression, syncing, and the cleaner. Topics may have their own. */
import { boolean, double, inert, int, list, long, longMax, string } from '@millrace/base';

export const logKeys = {
  'log.dir': list('/tmp/kafka-logs', { importance: 'high' }, 'The data directory, when log.dirs is not set.'),
  'log.dirs': list(null, { importance: 'high' }, 'The data directories, separated by commas.'),
  'log.segment.bytes': int(
    1_073_741_824,
    { importance: 'high', dynamic: 'cluster-wide', min: 1_048_576 },
    'At which size a segment is closed and the next begun.',
  ),
  'log.roll.ms': long(
    null,
    { importance: 'high', dynamic: 'cluster-wide', min: 1, synonyms: [{ name: 'log.roll.hours', factor: 3_600_000 }] },
    'At which age a segment is closed and the next begun; log.roll.hours when not set.',
  ),
  'log.roll.hours': int(168, { importance: 'high', min: 1 }, 'At which age a segment is closed, in hours.'),
  'log.roll.jitter.ms': long(
    null,
    {
      importance: 'high',
      dynamic: 'cluster-wide',
      min: 0,
      synonyms: [{ name: 'log.roll.jitter.hours', factor: 3_600_000 }],
    },
    'By how much at most the age is lowered at random, so that not all logs roll at once; log.roll.jitter.hours when not set.',
  ),
  'log.roll.jitter.hours': int(
    0,
    { importance: 'high', min: 0 },
    'By how much at most the age of rolling is lowered at random, in hours.',
  ),
  'log.retention.ms': long(
    null,
    {
      importance: 'high',
      dynamic: 'cluster-wide',
      min: 1,
      except: -1,
      synonyms: [
        { name: 'log.retention.minutes', factor: 60_000 },
        { name: 'log.retention.hours', factor: 3_600_000 },
      ],
    },
    'How long closed segments are kept, -1 for ever; log.retention.minutes when not set.',
  ),
  'log.retention.minutes': int(
    null,
    { importance: 'high', min: 1, except: -1 },
    'How long closed segments are kept, in minutes; log.retention.hours when not set.',
  ),
  'log.retention.hours': int(
    168,
    { importance: 'high', min: 1, except: -1 },
    'How long closed segments are kept, in hours.',
  ),
  'log.retention.bytes': long(
    -1,
    { importance: 'high', dynamic: 'cluster-wide' },
    'How large a partition may become before its oldest segments go; -1 for no limit.',
  ),
  'log.retention.check.interval.ms': long(300_000, { min: 1 }, 'How often segments are looked at for deletion.'),
  'log.segment.delete.delay.ms': long(
    60_000,
    { importance: 'high', dynamic: 'cluster-wide', min: 0 },
    'How long the files of a deleted segment stay.',
  ),
  'log.index.interval.bytes': int(
    4096,
    { dynamic: 'cluster-wide', min: 0 },
    'After how many bytes the offset index gets an entry.',
  ),
  'log.index.size.max.bytes': int(
    10_485_760,
    { dynamic: 'cluster-wide', min: 4 },
    'The largest offset index; a full one closes its segment.',
  ),
  'log.cleanup.policy': list(
    'delete',
    { dynamic: 'cluster-wide', oneOf: ['compact', 'delete'] },
    'What happens to old segments of topics that do not say: delete, compact, or both.',
  ),
  'log.message.timestamp.type': string(
    'CreateTime',
    { dynamic: 'cluster-wide', oneOf: ['CreateTime', 'LogAppendTime'] },
    'Which time a record carries: when its producer made it, or when the log took it.',
  ),
  'log.message.timestamp.before.max.ms': long(
    longMax,
    { dynamic: 'cluster-wide', min: 0 },
    "How far behind the broker's clock a record's timestamp may lie.",
  ),
  'log.message.timestamp.after.max.ms': long(
    3_600_000,
    { dynamic: 'cluster-wide', min: 0 },
    "How far ahead of the broker's clock a record's timestamp may lie.",
  ),
  'compression.type': string(
    'producer',
    {
      importance: 'high',
      dynamic: 'cluster-wide',
      oneOf: ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'],
    },
    'How batches are stored: as the producer sent them, uncompressed, or with this codec.',
  ),
  'compression.gzip.level': int(
    -1,
    { dynamic: 'cluster-wide', min: 1, max: 9, except: -1 },
    'How hard gzip tries, 1 to 9; -1 for its default.',
  ),
  'compression.lz4.level': int(9, { dynamic: 'cluster-wide', min: 1, max: 17 }, 'How hard lz4 tries, 1 to 17.'),
  'compression.zstd.level': int(
    3,
    { dynamic: 'cluster-wide', min: -131_072, max: 22 },
    'How hard zstd tries, up to 22; negative levels are faster.',
  ),
  'log.flush.interval.messages': long(
    longMax,
    { importance: 'high', dynamic: 'cluster-wide', min: 1 },
    'After how many records a partition is synced to disk.',
  ),
  'log.flush.interval.ms': long(
    null,
    { importance: 'high', dynamic: 'cluster-wide', synonyms: [{ name: 'log.flush.scheduler.interval.ms', factor: 1 }] },
    'After how long unsynced records are synced; log.flush.scheduler.interval.ms when not set.',
  ),
  'log.flush.scheduler.interval.ms': long(longMax, { importance: 'high' }, 'How often it is looked for logs to sync.'),
  'producer.id.expiration.ms': int(
    86_400_000,
    { importance: 'low', dynamic: 'cluster-wide', min: 1 },
    "After how long without a write the broker forgets a producer's sequence numbers.",
  ),
  'log.cleaner.enable': boolean(true, {}, 'Compact topics that ask for it.'),
  'log.cleaner.threads': int(1, { dynamic: 'cluster-wide', min: 0 }, 'Threads that compact.'),
  'log.cleaner.backoff.ms': long(
    15_000,
    { dynamic: 'cluster-wide', min: 0 },
    'How long the cleaner sleeps when nothing is to be compacted.',
  ),
  'log.cleaner.dedupe.buffer.size': long(
    134_217_728,
    { dynamic: 'cluster-wide' },
    'Memory of all cleaners for the keys they have seen.',
  ),
  'log.cleaner.io.buffer.size': int(
    524_288,
    { dynamic: 'cluster-wide', min: 0 },
    'Memory of all cleaners for reading and writing.',
  ),
  'log.cleaner.io.buffer.load.factor': double(
    0.9,
    { dynamic: 'cluster-wide' },
    'How full the table of keys may become.',
  ),
  'log.cleaner.io.max.bytes.per.second': double(
    '1.7976931348623157E308',
    { dynamic: 'cluster-wide' },
    'How much the cleaners may read and write a second.',
  ),
  'log.cleaner.min.cleanable.ratio': double(
    0.5,
    { dynamic: 'cluster-wide', min: 0, max: 1 },
    'Which share of a log must be uncompacted before it is worth the work.',
  ),
  'log.cleaner.min.compaction.lag.ms': long(
    0,
    { dynamic: 'cluster-wide', min: 0 },
    'How long a record stays uncompacted at least.',
  ),
  'log.cleaner.max.compaction.lag.ms': long(
    longMax,
    { dynamic: 'cluster-wide', min: 1 },
    'How long a record stays uncompacted at most.',
  ),
  'log.cleaner.delete.retention.ms': long(
    86_400_000,
    { dynamic: 'cluster-wide', min: 0 },
    'How long the mark of a deleted key stays, for readers that have not seen it.',
  ),
  'cordoned.log.dirs': list('', { dynamic: 'per-broker' }, 'Data directories that get no new partitions.'),
  ...inert({
    'log.dir.failure.timeout.ms': long(
      30_000,
      { importance: 'low', min: 1 },
      'How long a broker goes on when it cannot report a failed data directory.',
    ),
    'log.preallocate': boolean(
      false,
      { dynamic: 'cluster-wide' },
      'Reserve the whole size of a segment when it is begun.',
    ),
    'log.flush.offset.checkpoint.interval.ms': int(
      60_000,
      { importance: 'high', min: 0 },
      'How often it is noted up to where logs are synced.',
    ),
    'log.flush.start.offset.checkpoint.interval.ms': int(
      60_000,
      { importance: 'high', min: 0 },
      'How often it is noted where logs begin.',
    ),
    'log.local.retention.ms': long(
      -2,
      { dynamic: 'cluster-wide', min: -2 },
      'How long segments that are in remote storage stay on disk; -2 for the whole retention time.',
    ),
    'log.local.retention.bytes': long(
      -2,
      { dynamic: 'cluster-wide', min: -2 },
      'How much of a partition stays on disk when the rest is in remote storage; -2 for the whole retention size.',
    ),
  }),
};
