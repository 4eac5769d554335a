/** What a log needs to know of its topic's settings. One object per topic, replaced as a whole: `log.configure(config)`. */
export interface LogConfig {
  readonly segmentBytes: number;
  readonly segmentMs: number;
  readonly segmentJitterMs: number;
  readonly segmentIndexBytes: number;
  readonly indexIntervalBytes: number;
  /** -1: no limit. */
  readonly retentionBytes: number;
  /** -1: no limit. */
  readonly retentionMs: number;
  readonly fileDeleteDelayMs: number;
  /** `max.message.bytes`: of one batch. */
  readonly messageBytesMax: number;
  readonly timestampType: 'CreateTime' | 'LogAppendTime';
  readonly timestampBeforeMaxMs: number;
  readonly timestampAfterMaxMs: number;
  readonly compression: 'producer' | 'uncompressed' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
  readonly compressionLevel: number | undefined;
  /** `cleanup.policy` holds `compact`. */
  readonly isCompacted: boolean;
  /** `cleanup.policy` holds `delete`. */
  readonly isDeleted: boolean;
  /** How old the youngest record of a segment must be before the segment is compacted. */
  readonly compactionLagMinMs: number;
  /** A record that is older than this is compacted, whatever else. */
  readonly compactionLagMaxMs: number;
  /** Which part of a log must be uncompacted before it is worth the work. */
  readonly dirtyRatioMin: number;
  /** How long tombstones and the markers of emptied transactions stay. */
  readonly deleteRetentionMs: number;
  readonly producerIdExpirationMs: number;
  readonly flushMessages: number;
  readonly flushMs: number;
}

/** Kafka's defaults. */
export const defaultLogConfig: LogConfig = {
  segmentBytes: 1 << 30,
  segmentMs: 7 * 24 * 3_600_000,
  segmentJitterMs: 0,
  segmentIndexBytes: 10 << 20,
  indexIntervalBytes: 4096,
  retentionBytes: -1,
  retentionMs: 7 * 24 * 3_600_000,
  fileDeleteDelayMs: 60_000,
  messageBytesMax: 1_048_588,
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
  timestampAfterMaxMs: 3_600_000,
  compression: 'producer',
  compressionLevel: undefined,
  isCompacted: false,
  isDeleted: true,
  compactionLagMinMs: 0,
  compactionLagMaxMs: Number.MAX_SAFE_INTEGER,
  dirtyRatioMin: 0.5,
  deleteRetentionMs: 86_400_000,
  producerIdExpirationMs: 86_400_000,
  flushMessages: Number.MAX_SAFE_INTEGER,
  flushMs: Number.MAX_SAFE_INTEGER,
};
