/**
 * The power goes at any moment of a move between log directories: whatever is left on the disk, the partition is found once, with every
 * record that was acknowledged.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Disk } from '@millrace/base';
import { defaultLogConfig, LogDirectory, type LogConfig } from '@millrace/log';
import { batchOf, CrashDisk, seededRandom, TestHost, valuesOf } from '@millrace/testkit/simulated';

import { AppendRound } from './append-round.ts';
import { MetadataImage } from './metadata/image.ts';
import type { Partition } from './partition.ts';
import { Partitions } from './partitions.ts';
import { ReplicaMoves } from './replica-moves.ts';

const statesPerSeed = 300;
const topicId = 'AAAAAAAAAAAAAAAAAAAAAQ';
const config: LogConfig = { ...defaultLogConfig, segmentBytes: 800, indexIntervalBytes: 100, retentionMs: -1 };

class Node {
  readonly directories: readonly LogDirectory[];
  readonly partitions: Partitions;
  readonly round: AppendRound;
  readonly moves: ReplicaMoves;

  constructor(disk: Disk, seed: number) {
    const host = new TestHost({ disk, seed });
    this.directories = ['/a', '/b'].map((path) => LogDirectory.open(host, path, { nodeId: 1, clusterId: 'cluster' }));
    const image = new MetadataImage();
    const directory = this.directories[0]?.directoryId;
    image.replay({ type: 'TopicRecord', name: 't', topicId });
    image.replay({ type: 'PartitionRecord', topicId, partitionId: 0, leaderEpoch: 0, partitionEpoch: 0, directory });
    const { directories } = this;
    const settingsOf = () => ({ log: config, minInSync: 1 });
    this.partitions = new Partitions({ host, directories, image, settingsOf, isCordoned: () => false });
    this.round = new AppendRound(directories, 'sync', (callback) => setImmediate(callback));
    const { partitions, round } = this;
    this.moves = new ReplicaMoves({ host, round, partitions, settings: { moveBytesPerSecondMax: 1e12 } }, () => {});
    for (const topic of image.topics()) partitions.open(topic);
    this.moves.resume(directories);
  }

  get partition(): Partition {
    const partition = this.partitions.byName('t', 0);
    assert.ok(partition, 'the partition is online');
    return partition;
  }

  async append(value: string): Promise<void> {
    this.partition.append(batchOf([value]), { origin: 'client' });
    this.round.add(this.partition);
    await new Promise<void>((resolve, reject) => {
      this.round.afterSync({ durable: (failed) => (failed ? reject(new Error('not durable')) : resolve()) });
      this.round.writeOut();
    });
  }

  async untilMoved(): Promise<void> {
    while (this.moves.of(this.partition) !== undefined) await new Promise((resolve) => setImmediate(resolve));
  }

  async close(): Promise<void> {
    this.moves.stop();
    for (const directory of this.directories) await directory.close({ clean: false });
  }
}

/** Appends and moves there and back; what was acknowledged is noted with the count of disk operations at that moment. */
async function script(disk: CrashDisk, seed: number): Promise<{ at: number; count: number }[]> {
  const random = seededRandom(seed);
  const acknowledged = [{ at: disk.operationCount, count: 0 }];
  const node = new Node(disk, seed);
  let count = 0;
  for (let step = 0; step < 30; step++) {
    await node.append(`value ${count++}`);
    acknowledged.push({ at: disk.operationCount, count });
    if (random.below(5) > 0) continue;
    const { partition, moves, directories } = node;
    const target = directories.find((directory) => directory !== partition.directory)!;
    if (moves.of(partition) === undefined) moves.start(partition, target);
    if (random.below(2) === 0) await node.untilMoved();
  }
  await node.untilMoved();
  await node.close();
  return acknowledged;
}

for (const seed of [1, 2, 3]) {
  test(`a move survives a crash at any point, seed ${seed}`, async () => {
    const disk = new CrashDisk();
    const acknowledged = await script(disk, seed);
    const random = seededRandom(seed);
    for (let state = 0; state < statesPerSeed; state++) {
      const at = 1 + random.below(disk.operationCount);
      const promised = acknowledged.findLast((promise) => promise.at <= at)?.count ?? 0;
      const after = new CrashDisk(disk.crash(at, random));
      const node = new Node(after, seed);
      const found = [...valuesOf(node.partition.log).values()];
      const what = `after ${at} operations`;
      assert.ok(found.length >= promised, `${found.length} of ${promised} records are there ${what}`);
      assert.deepEqual(
        found,
        Array.from({ length: found.length }, (_, n) => `value ${n}`),
        what,
      );
      await node.append(`value ${found.length}`);
      await node.untilMoved();
      assert.equal(node.partition.log.endOffset, found.length + 1, what);
      const folders = node.directories.filter((directory) => directory.holds('t', 0));
      assert.deepEqual(folders, [node.partition.directory], `one folder is left ${what}`);
      await node.close();
    }
  });
}
