/**
 * The power may go at any moment of commits and snapshots: what is found is what a prefix of the committed records led to, with every
 * acknowledged one, and what is committed afterwards stays.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isMillraceError, type Disk } from '@millrace/base';
import { defaultLogConfig, LogDirectory } from '@millrace/log';
import { encodeBatch, encodeMetadataRecord as encode, metadataRecords } from '@millrace/protocol';
import { CrashDisk, MemoryDisk, seededRandom, TestHost } from '@millrace/testkit/simulated';

import { MetadataImage } from './image.ts';
import { MetadataLog } from './metadata-log.ts';
import { decodeMetadataRecord, encodeMetadataRecord, type MetadataRecord } from './record.ts';

const statesPerSeed = 250;
const commitsPerSeed = 60;
const recordsPerSnapshot = 12;

interface Opened {
  readonly directory: LogDirectory;
  readonly image: MetadataImage;
  readonly log: MetadataLog;
  readonly host: TestHost;
}

function open(disk: Disk, seed = 1): Opened {
  const host = new TestHost({ disk, seed });
  const directory = LogDirectory.open(host, '/data', { nodeId: 1 });
  const image = new MetadataImage();
  const log = new MetadataLog({ host, directory, nodeId: 1, image, onChange: () => {}, recordsPerSnapshot });
  return { directory, image, log, host };
}

function stateOf(image: MetadataImage): string {
  return JSON.stringify([...image.records()]);
}

/** A topic with a setting, another value of that, or the end of it: each commit is several records that depend on one another. */
function commitOf(n: number, random: ReturnType<typeof seededRandom>): MetadataRecord[] {
  const name = `t${random.below(6)}`;
  const topicId = Buffer.alloc(16, `${name}-${n}`).toString('base64url');
  const setting = { type: 'ConfigRecord', resourceType: 2, resourceName: name, name: 'retention.ms' } as const;
  switch (random.below(4)) {
    case 0:
      return [{ ...setting, value: String(n) }];
    case 1:
      return [{ type: 'ProducerIdsRecord', nextProducerId: n * 1000 }];
    default:
      return [
        { type: 'TopicRecord', name, topicId },
        { type: 'PartitionRecord', topicId, partitionId: 0, leaderEpoch: 0, partitionEpoch: n, directory: topicId },
        { type: 'PartitionRecord', topicId, partitionId: 1, leaderEpoch: 0, partitionEpoch: n, directory: topicId },
        { ...setting, value: null },
        ...(random.below(2) === 0 ? [{ type: 'RemoveTopicRecord', topicId } as const] : []),
      ];
  }
}

interface History {
  /** The state after each record, the empty one first. */
  readonly states: readonly string[];
  /** How many records were acknowledged when so many operations had been done. */
  readonly acknowledged: readonly { readonly at: number; readonly count: number }[];
}

async function run(disk: CrashDisk, seed: number): Promise<History> {
  const random = seededRandom(seed);
  const { log, directory, host } = open(disk, seed);
  const replayed = new MetadataImage();
  const states = [stateOf(replayed)];
  const acknowledged = [{ at: 0, count: 0 }];
  let waiting: Promise<void>[] = [];
  for (let n = 0; n < commitsPerSeed; n++) {
    const records = commitOf(n, random);
    for (const record of records) {
      replayed.replay(record);
      states.push(stateOf(replayed));
    }
    const count = states.length - 1;
    waiting.push(log.commit(records).then(() => void acknowledged.push({ at: disk.operationCount, count })));
    if (random.below(3) === 0) {
      await Promise.all(waiting);
      waiting = [];
    }
    if (random.below(5) === 0) {
      host.advance(5000);
      await directory.synced();
    }
  }
  await Promise.all(waiting);
  await directory.close({ clean: false });
  return { states, acknowledged };
}

for (const seed of [1, 2, 3, 4]) {
  test(`metadata survive a crash at any point, seed ${seed}`, async () => {
    const disk = new CrashDisk();
    const { states, acknowledged } = await run(disk, seed);
    const random = seededRandom(seed);
    for (let state = 0; state < statesPerSeed; state++) {
      const at = 1 + random.below(disk.operationCount);
      const what = `after ${at} operations`;
      const promised = Math.max(...acknowledged.filter((ack) => ack.at <= at).map(({ count }) => count));
      const after = new CrashDisk(disk.crash(at, random));
      const first = open(after, seed);
      const found = stateOf(first.image);
      assert.ok(
        states.slice(promised).includes(found),
        `a prefix with ${promised} acknowledged records is found ${what}`,
      );
      await first.log.commit([{ type: 'TopicRecord', name: 'later', topicId: 'AAAAAAAAAAAAAAAAAAAAAw' }]);
      const more = stateOf(first.image);
      await first.directory.close({ clean: random.below(2) === 0 });
      const second = open(after, seed);
      assert.equal(stateOf(second.image), more, `what was committed afterwards is there ${what}`);
      await second.directory.close({ clean: false });
    }
  });
}

test('snapshots keep the log short', async () => {
  const disk = new MemoryDisk();
  const { log, directory, host } = open(disk);
  for (let n = 0; n < 200; n++) {
    await log.commit([{ type: 'ProducerIdsRecord', nextProducerId: n }]);
    host.advance(100_000);
    await directory.synced();
  }
  const names = disk.list('/data/__millrace_metadata-0');
  assert.equal(names.filter((name) => name.endsWith('.checkpoint')).length, 1);
  assert.ok(names.filter((name) => name.endsWith('.log')).length <= 2, names.join(' '));
  await directory.close({ clean: true });
});

test('records that were replayed at the start count for the next snapshot', async () => {
  const disk = new MemoryDisk();
  for (let start = 0; start < recordsPerSnapshot + 1; start++) {
    const { log, directory } = open(disk);
    await log.commit([{ type: 'ProducerIdsRecord', nextProducerId: start }]);
    await directory.close({ clean: true });
  }
  assert.ok(disk.list('/data/__millrace_metadata-0').some((name) => name.endsWith('.checkpoint')));
});

test('a record that a newer version wrote is refused with a sentence that says so', async () => {
  const disk = new MemoryDisk();
  const { log, directory } = open(disk);
  await log.commit([{ type: 'ProducerIdsRecord', nextProducerId: 1 }]);
  await directory.close({ clean: true });
  const raw = LogDirectory.open(new TestHost({ disk }), '/data', { nodeId: 1 });
  const file = raw.openLog('__millrace_metadata', 0, undefined, defaultLogConfig);
  const unknown = encode(metadataRecords.noOpRecord, 0, {});
  file.append(encodeBatch([{ value: unknown }], {}), { leaderEpoch: 1, origin: 'coordinator' });
  file.writeOut();
  await raw.close({ clean: true });
  assert.throws(
    () => open(disk),
    (error) => isMillraceError(error) && /NoOpRecord/.test(error.message) && /newer version/.test(error.message),
  );
});

/** One of each kind, so that a new kind has to be thought of here. */
const samples: { readonly [K in MetadataRecord['type']]: readonly Extract<MetadataRecord, { type: K }>[] } = {
  TopicRecord: [{ type: 'TopicRecord', name: 't', topicId: 'AAAAAAAAAAAAAAAAAAAAAw' }],
  PartitionRecord: [
    {
      type: 'PartitionRecord',
      topicId: 'AAAAAAAAAAAAAAAAAAAAAw',
      partitionId: 0,
      leaderEpoch: 3,
      partitionEpoch: 4,
      directory: 'AAAAAAAAAAAAAAAAAAAABA',
    },
  ],
  RemoveTopicRecord: [{ type: 'RemoveTopicRecord', topicId: 'AAAAAAAAAAAAAAAAAAAACQ' }],
  ConfigRecord: [{ type: 'ConfigRecord', resourceType: 4, resourceName: '', name: 'a', value: 'b' }],
  ClientQuotaRecord: [
    {
      type: 'ClientQuotaRecord',
      entity: [{ entityType: 'user', entityName: null }],
      key: 'producer_byte_rate',
      value: 5,
      remove: false,
    },
  ],
  ProducerIdsRecord: [{ type: 'ProducerIdsRecord', nextProducerId: 7 }],
  FeatureLevelRecord: [{ type: 'FeatureLevelRecord', name: 'metadata.version', featureLevel: 30 }],
};

test('every kind of record means the same after it was written, and after a snapshot', () => {
  const image = new MetadataImage();
  const again = new MetadataImage();
  for (const record of Object.values(samples).flat()) {
    image.replay(record);
    again.replay(decodeMetadataRecord(encodeMetadataRecord(record, 1)));
  }
  const snapshot = new MetadataImage();
  for (const record of image.records()) snapshot.replay(record);
  assert.equal(stateOf(again), stateOf(image));
  assert.equal(stateOf(snapshot), stateOf(image));
  assert.equal([...image.records()].length, Object.values(samples).flat().length - 1, 'all but the removal');
});
