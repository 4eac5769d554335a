/** How compaction goes. */
import { gauge, type Measure } from '../measure.ts';

export const cleaningMeasures = {
  uncleanableCount: {
    type: 'gauge',
    help: 'Partitions that could not be compacted and are left alone',
    labels: ['logDirectory'],
    *samples({ doors: { directories, cleaning } }) {
      for (const { path } of directories) yield { labels: [path], value: cleaning.uncleanable(path).length };
    },
  },
  uncleanableBytes: {
    type: 'gauge',
    help: 'Bytes of the partitions that could not be compacted',
    labels: ['logDirectory'],
    *samples({ doors: { directories, cleaning } }) {
      for (const { path } of directories) {
        const value = cleaning.uncleanable(path).reduce((bytes, { log }) => bytes + log.bytes, 0);
        yield { labels: [path], value };
      }
    },
  },
  maxDirtyPercent: gauge('What of the dirtiest log was never compacted, in percent', ({ doors }) =>
    Math.floor(doors.cleaning.maxDirtyRatio * 100),
  ),
  sinceLastRunMs: gauge('How long ago it was looked for logs to compact', ({ doors }) => doors.cleaning.sinceLastRunMs),
  recopyPercent: gauge('What the last compaction kept of what it read, in percent', ({ doors }) => {
    const { last } = doors.cleaning;
    return last === undefined || last.bytesRead === 0 ? 0 : Math.floor((100 * last.bytesWritten) / last.bytesRead);
  }),
  bufferPercent: gauge('How full the memory for keys became in the last compaction, in percent', ({ doors }) =>
    Math.floor((doors.cleaning.last?.mapUtilization ?? 0) * 100),
  ),
} as const satisfies Record<string, Measure>;
