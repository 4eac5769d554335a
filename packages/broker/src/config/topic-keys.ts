/** What a topic may set for itself. Where it does not, the broker's key of the same meaning decides. */
import { boolean, changeable, double, inert, int, list, long, longMax, splitList, string } from '@millrace/base';

const throttledReplicas = (text: string): string | undefined =>
  splitList(text).every((replica) => replica === '*' || /^\d+:\d+$/.test(replica))
    ? undefined
    : 'it must be *, or partition:broker with commas between';

export const topicKeys = changeable({
  'cleanup.policy': list(
    'delete',
    { oneOf: ['compact', 'delete'], synonyms: [{ name: 'log.cleanup.policy', factor: 1 }] },
    'What happens to old segments: delete, compact, or both.',
  ),
  'compression.gzip.level': int(
    -1,
    { min: 1, max: 9, except: -1, synonyms: [{ name: 'compression.gzip.level', factor: 1 }] },
    'How hard gzip tries, 1 to 9; -1 for its default.',
  ),
  'compression.lz4.level': int(
    9,
    { min: 1, max: 17, synonyms: [{ name: 'compression.lz4.level', factor: 1 }] },
    'How hard lz4 tries, 1 to 17.',
  ),
  'compression.type': string(
    'producer',
    {
      oneOf: ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'],
      synonyms: [{ name: 'compression.type', factor: 1 }],
    },
    'How batches are stored: as the producer sent them, uncompressed, or with this codec.',
  ),
  'compression.zstd.level': int(
    3,
    { min: -131_072, max: 22, synonyms: [{ name: 'compression.zstd.level', factor: 1 }] },
    'How hard zstd tries, up to 22; negative levels are faster.',
  ),
  'file.delete.delay.ms': long(
    60_000,
    { min: 0, synonyms: [{ name: 'log.segment.delete.delay.ms', factor: 1 }] },
    'How long the files of a deleted segment stay.',
  ),
  'flush.messages': long(
    longMax,
    { min: 1, synonyms: [{ name: 'log.flush.interval.messages', factor: 1 }] },
    'After how many records a partition is synced to disk.',
  ),
  'flush.ms': long(
    longMax,
    {
      min: 0,
      synonyms: [
        { name: 'log.flush.interval.ms', factor: 1 },
        { name: 'log.flush.scheduler.interval.ms', factor: 1 },
      ],
    },
    'After how long unsynced records are synced.',
  ),
  'index.interval.bytes': int(
    4096,
    { min: 0, synonyms: [{ name: 'log.index.interval.bytes', factor: 1 }] },
    'After how many bytes the offset index gets an entry.',
  ),
  'max.message.bytes': int(
    1_048_588,
    { min: 0, synonyms: [{ name: 'message.max.bytes', factor: 1 }] },
    'The largest record batch taken, after compression.',
  ),
  'message.timestamp.after.max.ms': long(
    3_600_000,
    { min: 0, synonyms: [{ name: 'log.message.timestamp.after.max.ms', factor: 1 }] },
    "How far ahead of the broker's clock a record's timestamp may lie.",
  ),
  'message.timestamp.before.max.ms': long(
    longMax,
    { min: 0, synonyms: [{ name: 'log.message.timestamp.before.max.ms', factor: 1 }] },
    "How far behind the broker's clock a record's timestamp may lie.",
  ),
  'message.timestamp.type': string(
    'CreateTime',
    { oneOf: ['CreateTime', 'LogAppendTime'], synonyms: [{ name: 'log.message.timestamp.type', factor: 1 }] },
    'Which time a record carries: when its producer made it, or when the log took it.',
  ),
  'min.insync.replicas': int(
    1,
    { min: 1, synonyms: [{ name: 'min.insync.replicas', factor: 1 }] },
    'How many replicas must have a write before acks=all is answered.',
  ),
  'retention.bytes': long(
    -1,
    { synonyms: [{ name: 'log.retention.bytes', factor: 1 }] },
    'How large a partition may become before its oldest segments go; -1 for no limit.',
  ),
  'retention.ms': long(
    604_800_000,
    {
      min: -1,
      synonyms: [
        { name: 'log.retention.ms', factor: 1 },
        { name: 'log.retention.minutes', factor: 60_000 },
        { name: 'log.retention.hours', factor: 3_600_000 },
      ],
    },
    'How long closed segments are kept; -1 for ever.',
  ),
  'segment.bytes': int(
    1_073_741_824,
    { min: 1_048_576, synonyms: [{ name: 'log.segment.bytes', factor: 1 }] },
    'At which size a segment is closed and the next begun.',
  ),
  'segment.index.bytes': int(
    10_485_760,
    { min: 4, synonyms: [{ name: 'log.index.size.max.bytes', factor: 1 }] },
    'The largest offset index; a full one closes its segment.',
  ),
  'segment.jitter.ms': long(
    0,
    {
      min: 0,
      synonyms: [
        { name: 'log.roll.jitter.ms', factor: 1 },
        { name: 'log.roll.jitter.hours', factor: 3_600_000 },
      ],
    },
    'By how much at most segment.ms is lowered at random, so that not all logs roll at once.',
  ),
  'segment.ms': long(
    604_800_000,
    {
      min: 1,
      synonyms: [
        { name: 'log.roll.ms', factor: 1 },
        { name: 'log.roll.hours', factor: 3_600_000 },
      ],
    },
    'At which age a segment is closed and the next begun.',
  ),
  'delete.retention.ms': long(
    86_400_000,
    { min: 0, synonyms: [{ name: 'log.cleaner.delete.retention.ms', factor: 1 }] },
    'How long the mark of a deleted key stays, for readers that have not seen it.',
  ),
  'max.compaction.lag.ms': long(
    longMax,
    { min: 1, synonyms: [{ name: 'log.cleaner.max.compaction.lag.ms', factor: 1 }] },
    'How long a record stays uncompacted at most.',
  ),
  'min.cleanable.dirty.ratio': double(
    0.5,
    { min: 0, max: 1, synonyms: [{ name: 'log.cleaner.min.cleanable.ratio', factor: 1 }] },
    'Which share of a log must be uncompacted before it is worth the work.',
  ),
  'min.compaction.lag.ms': long(
    0,
    { min: 0, synonyms: [{ name: 'log.cleaner.min.compaction.lag.ms', factor: 1 }] },
    'How long a record stays uncompacted at least.',
  ),
  ...inert({
    'follower.replication.throttled.replicas': list(
      '',
      { check: throttledReplicas },
      'Followers that are held back: partition:broker, separated by commas, or *.',
    ),
    'leader.replication.throttled.replicas': list(
      '',
      { check: throttledReplicas },
      'Leaders that are held back: partition:broker, separated by commas, or *.',
    ),
    'local.retention.bytes': long(
      -2,
      { min: -2, synonyms: [{ name: 'log.local.retention.bytes', factor: 1 }] },
      'How much of a partition stays on disk when the rest is in remote storage; -2 for retention.bytes.',
    ),
    'local.retention.ms': long(
      -2,
      { min: -2, synonyms: [{ name: 'log.local.retention.ms', factor: 1 }] },
      'How long segments that are in remote storage stay on disk; -2 for retention.ms.',
    ),
    preallocate: boolean(
      false,
      { synonyms: [{ name: 'log.preallocate', factor: 1 }] },
      'Reserve the whole size of a segment when it is begun.',
    ),
    'remote.log.copy.disable': boolean(false, {}, 'Copy no more segments to remote storage.'),
    'remote.log.delete.on.disable': boolean(false, {}, 'Delete what is in remote storage when it is turned off.'),
    'remote.storage.enable': boolean(false, {}, 'Keep old segments in remote storage.'),
    'unclean.leader.election.enable': boolean(
      false,
      { synonyms: [{ name: 'unclean.leader.election.enable', factor: 1 }] },
      'Let a replica that lags become leader when no other is left, at the price of records.',
    ),
  }),
});
