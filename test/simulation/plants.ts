/**
 * Bugs to plant: each is one that a broker has really had, or nearly. They are put in from outside, by replacing a method, so that there
 * is no switch for them in what is shipped. Each gives the way to take it out again.
 */
import { AppendRound } from '../../packages/broker/src/append-round.ts';
import { ClassicGroup } from '../../packages/broker/src/coordinator/group.ts';
import { Partition } from '../../packages/broker/src/partition.ts';
import { RequestPipeline } from '../../packages/broker/src/request.ts';
import { StateTopic } from '../../packages/broker/src/state-topic.ts';
import { Markers } from '../../packages/broker/src/transaction/markers.ts';
import { Log } from '../../packages/log/src/log.ts';
import { LogDirectory } from '../../packages/log/src/log-directory.ts';
import { ProducerTable } from '../../packages/log/src/producer-table.ts';
import { Segment } from '../../packages/log/src/segment.ts';
import { CrashDisk } from '../../packages/testkit/src/crash-disk.ts';

export interface Plant {
  readonly name: string;
  readonly plant: () => () => void;
}

export const plants: readonly Plant[] = [
  {
    name: 'a produce is acknowledged after the write, before the sync',
    plant: () =>
      replaced(
        AppendRound.prototype,
        'afterSync',
        () =>
          function (this: AppendRound, waiter) {
            this.afterWrite(() => waiter.durable(false));
          },
      ),
  },
  {
    name: 'readers see what is written and not yet synced',
    plant: () =>
      replacedGetter(Partition.prototype, 'highWatermark', (partition: Partition) => partition.log.writtenOffset),
  },
  {
    name: 'new files are used before their folder is synced',
    plant: () =>
      both(
        replaced(CrashDisk.prototype, 'syncFolder', () => () => {}),
        replaced(CrashDisk.prototype, 'syncFolderAsync', () => () => Promise.resolve()),
      ),
  },
  {
    name: 'a sync that failed is tried again and believed',
    plant: () =>
      both(
        replaced(LogDirectory.prototype, 'fail', () => () => {}),
        replaced(
          CrashDisk.prototype,
          'open',
          (open) =>
            function (this: CrashDisk, path, options) {
              const file = open.call(this, path, options);
              const sync = file.sync.bind(file);
              return Object.assign(file, { sync: () => sync().catch(() => sync()) });
            },
        ),
      ),
  },
  {
    name: 'producers are not rebuilt from the log at a start',
    plant: () => {
      let isOpening = false;
      return both(
        replaced(Log, 'open', (open) => (options) => {
          isOpening = true;
          try {
            return open.call(Log, options);
          } finally {
            isOpening = false;
          }
        }),
        replaced(
          ProducerTable.prototype,
          'note',
          (note) =>
            function (this: ProducerTable, bytes, at) {
              if (!isOpening) note.call(this, bytes, at);
            },
        ),
      );
    },
  },
  {
    name: 'a batch that comes twice is appended twice',
    plant: () => replaced(ProducerTable.prototype, 'check', () => () => undefined),
  },
  {
    name: 'a batch that comes twice is answered with offset 0',
    plant: () =>
      replaced(
        Log.prototype,
        'append',
        (append) =>
          function (this: Log, records, options) {
            const appended = append.call(this, records, options);
            return appended.duplicate ? { ...appended, baseOffset: 0 } : appended;
          },
      ),
  },
  {
    name: 'producers remember a write that a full disk took back',
    plant: () =>
      replaced(
        ProducerTable.prototype,
        'takeBack',
        () =>
          function (this: ProducerTable) {
            this.hold();
          },
      ),
  },
  {
    name: 'recovery leaves the rest of an interrupted write where it is',
    plant: () => replaced(Segment.prototype, 'truncate', () => () => {}),
  },
  {
    name: 'recovery cuts a record too much',
    plant: () =>
      replaced(Log, 'open', (open) => (options) => {
        const log = open.call(Log, options);
        const isCut = !options.isClean && !options.isNew && log.endOffset > log.startOffset;
        if (isCut && options.topic === 'orders') log.truncateTo(log.endOffset - 1);
        return log;
      }),
  },
  {
    name: 'a recovery point runs ahead of the sync',
    plant: () => replacedGetter(Log.prototype, 'recoveryPoint', (log: Log) => log.endOffset),
  },
  {
    name: 'retention deletes what readers have not seen',
    plant: () =>
      replaced(
        Log.prototype,
        'deleteOldSegments',
        (deleteOld) =>
          function (this: Log, nowMs) {
            return deleteOld.call(this, nowMs + 60_000, Number.POSITIVE_INFINITY);
          },
      ),
  },
  {
    name: 'a batch is written after its buffer was used for the next read',
    plant: () => {
      let reads = 0;
      return replaced(
        RequestPipeline.prototype,
        'readEnded',
        (readEnded) =>
          function (this: RequestPipeline) {
            if (++reads % 2 === 0) readEnded.call(this);
          },
      );
    },
  },
  {
    name: 'a stored offset is answered before it is durable',
    plant: () => answeredEarly('__consumer_offsets'),
  },
  {
    name: 'the end of a transaction goes to the partitions before it is durable',
    plant: () => answeredEarly('__transaction_state'),
  },
  {
    name: 'the last stable offset is one too far',
    plant: () =>
      replacedGetter(Partition.prototype, 'lastStableOffset', ({ log, highWatermark }: Partition) =>
        Math.min(log.lastStableOffset + 1, highWatermark),
      ),
  },
  {
    name: 'the list of aborted transactions is left out',
    plant: () => replaced(Log.prototype, 'abortedTransactions', () => () => []),
  },
  {
    name: 'a partition is forgotten when a transaction ends',
    plant: () =>
      replaced(
        Markers.prototype,
        'write',
        (write) =>
          function (this: Markers, name, marker, waiter) {
            if (name.topic === 'payments' && name.partition === 1) waiter.answer();
            else write.call(this, name, marker, waiter);
          },
      ),
  },
  {
    name: 'offsets of an aborted transaction are stored',
    plant: () =>
      replaced(
        Markers.prototype,
        'write',
        (write) =>
          function (this: Markers, name, marker, waiter) {
            const kind = name.topic === '__consumer_offsets' ? 'commit' : marker.kind;
            write.call(this, name, { ...marker, kind }, waiter);
          },
      ),
  },
  {
    name: 'a generation of a group has the number of the one before',
    plant: () =>
      replaced(
        ClassicGroup.prototype,
        'beginGeneration',
        (begin) =>
          function (this: ClassicGroup) {
            begin.call(this);
            if (this.generationId > 1) this.generationId--;
          },
      ),
  },
];

/** What a coordinator appends to its topic counts as durable at once. */
function answeredEarly(topic: string): () => void {
  return replaced(
    StateTopic.prototype,
    'afterSync',
    (afterSync) =>
      function (this: StateTopic, waiter) {
        if (this.name === topic) queueMicrotask(() => waiter.durable(false));
        else afterSync.call(this, waiter);
      },
  );
}

type Method = (this: never, ...args: never[]) => unknown;

/** Puts another method in the place of one, which it may call; gives the way back. */
function replaced<T extends object, K extends keyof T>(
  target: T,
  key: K,
  make: (original: T[K]) => T[K] & Method,
): () => void {
  const before = Object.getOwnPropertyDescriptor(target, key);
  Object.defineProperty(target, key, { value: make(target[key]), configurable: true, writable: true });
  return () => restore(target, key, before);
}

function replacedGetter<T extends object>(target: T, key: keyof T, get: (self: T) => unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(target, key);
  Object.defineProperty(target, key, {
    configurable: true,
    get(this: T) {
      return get(this);
    },
  });
  return () => restore(target, key, before);
}

function restore(target: object, key: PropertyKey, before: PropertyDescriptor | undefined): void {
  if (before === undefined) Reflect.deleteProperty(target, key);
  else Object.defineProperty(target, key, before);
}

function both(first: () => void, second: () => void): () => void {
  return () => {
    second();
    first();
  };
}
