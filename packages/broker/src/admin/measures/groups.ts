/** How far groups have read. As in kafka_exporter the lag of a partition that is not served is -1. */
import type { Measure, Observed } from '../measure.ts';

interface Progress {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly lag: number;
}

function* progress({ doors }: Observed): Generator<Progress> {
  for (const { groupId: group, offsets } of doors.coordinator.progress()) {
    for (const [topic, partitions] of offsets) {
      for (const [partition, committed] of partitions) {
        const offset = Number(committed.offset);
        const end = doors.partitions.byName(topic, partition)?.highWatermark;
        yield { group, topic, partition, offset, lag: end === undefined ? -1 : Math.max(0, end - offset) };
      }
    }
  }
}

function perOffset(help: string, read: (progress: Progress) => number): Measure {
  return {
    type: 'gauge',
    help,
    labels: ['consumergroup', 'topic', 'partition'],
    *samples(observed) {
      for (const found of progress(observed))
        yield { labels: [found.group, found.topic, String(found.partition)], value: read(found) };
    },
  };
}

function perTopic(help: string, read: (progress: Progress) => number): Measure {
  return {
    type: 'gauge',
    help,
    labels: ['consumergroup', 'topic'],
    *samples(observed) {
      let last: Progress | undefined;
      let sum = 0;
      for (const found of progress(observed)) {
        if (last !== undefined && (last.group !== found.group || last.topic !== found.topic)) {
          yield { labels: [last.group, last.topic], value: sum };
          sum = 0;
        }
        last = found;
        sum += Math.max(0, read(found));
      }
      if (last !== undefined) yield { labels: [last.group, last.topic], value: sum };
    },
  };
}

export const groupMeasures = {
  offset: perOffset('Offset that a group committed', ({ offset }) => offset),
  offsetSum: perTopic('Offsets that a group committed, over the partitions of a topic', ({ offset }) => offset),
  lag: perOffset('Records that a group has not read', ({ lag }) => lag),
  lagSum: perTopic('Records that a group has not read, over the partitions of a topic', ({ lag }) => lag),
  members: {
    type: 'gauge',
    help: 'Members of a group',
    labels: ['consumergroup'],
    *samples({ doors }) {
      for (const { groupId, memberCount } of doors.coordinator.progress())
        yield { labels: [groupId], value: memberCount };
    },
  },
} as const satisfies Record<string, Measure>;
