import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { errors } from '@millrace/protocol';

import { isClientError } from '../error.ts';
import { settled } from './errand.ts';
import { ScriptedCluster } from './admin-stage.ts';

interface OffsetsAsked {
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly { readonly partitionIndex: number }[];
  }[];
}

/** Answers ListOffsets with `codeOf` each partition. */
const offsets =
  (codeOf: (partition: number, brokerId: number) => number) =>
  ({ topics }: OffsetsAsked, brokerId: number) => ({
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({
        partitionIndex,
        errorCode: codeOf(partitionIndex, brokerId),
        offset: BigInt(partitionIndex * 10),
        timestamp: -1,
        leaderEpoch: -1,
      })),
    })),
  });

const latest = (partitions: readonly number[]) =>
  partitions.map((partition) => ({ topic: 't', partition, at: 'latest' as const }));

const created = (codes: (name: string, tries: number) => number) => {
  const tries = new Map<string, number>();
  return ({ topics }: { readonly topics: readonly { readonly name: string }[] }) => ({
    throttleTimeMs: 0,
    topics: topics.map(({ name }) => {
      tries.set(name, (tries.get(name) ?? 0) + 1);
      return { name, errorCode: codes(name, tries.get(name)!), errorMessage: null, configs: [] };
    }),
  });
};

suite('errand', () => {
  test('items go to their leaders, one request each, and come back in the order they were given', async () => {
    await using cluster = new ScriptedCluster({ listOffsets: offsets(() => 0) });
    cluster.leaders.set('t', [1, 2, 1, 2]);
    const found = await cluster.settles(cluster.admin.listOffsets(latest([3, 0, 2, 1])));
    assert.deepEqual(
      found.map(({ partition, offset }) => [partition, offset]),
      [
        [3, 30n],
        [0, 0n],
        [2, 20n],
        [1, 10n],
      ],
    );
    assert.deepEqual(
      cluster
        .asked('listOffsets')
        .map(([id, request]) => [
          id,
          (request as never as OffsetsAsked).topics.flatMap(({ partitions }) =>
            partitions.map(({ partitionIndex }) => partitionIndex),
          ),
        ]),
      [
        [1, [0, 2]],
        [2, [3, 1]],
      ],
    );
  });

  test('only what may pass is sent again, to whoever leads now', async () => {
    await using cluster: ScriptedCluster = new ScriptedCluster({
      listOffsets: offsets((partition, brokerId) => {
        if (partition === 0 || brokerId === 2) return 0;
        cluster.leaders.set('t', [1, 2]);
        return errors.NOT_LEADER_OR_FOLLOWER;
      }),
    });
    cluster.leaders.set('t', [1, 1]);
    await cluster.settles(cluster.admin.listOffsets(latest([0, 1])));
    const partitions = cluster
      .asked('listOffsets')
      .map(([id, request]) => [id, (request as never as OffsetsAsked).topics[0]!.partitions.length]);
    assert.deepEqual(partitions, [
      [1, 2],
      [2, 1],
    ]);
  });

  test('what fails for good is not sent again, and the rest is', async () => {
    await using cluster = new ScriptedCluster({
      createTopics: created((name, tries) =>
        name === 'bad' ? errors.INVALID_CONFIG : tries < 3 ? errors.THROTTLING_QUOTA_EXCEEDED : 0,
      ),
    });
    const { results, failures } = await cluster.settles(settled(cluster.admin.createTopics(['bad', 'slow'])));
    assert.deepEqual(
      results.map(({ name }) => name),
      ['slow'],
    );
    assert.deepEqual(
      [...failures].map(([name, { code }]) => [name, code]),
      [['bad', 'INVALID_CONFIG']],
    );
    assert.equal(cluster.asked('createTopics').length, 3);
  });

  test('a quota is not waited for when that is not wanted', async () => {
    await using cluster = new ScriptedCluster({ createTopics: created(() => errors.THROTTLING_QUOTA_EXCEEDED) });
    const call = cluster.admin.createTopics(['t'], { retryOnQuotaViolation: false });
    await assert.rejects(cluster.settles(call), { code: 'THROTTLING_QUOTA_EXCEEDED', retriable: true });
    assert.equal(cluster.asked('createTopics').length, 1);
  });

  test('the controller is looked up anew when it has moved', async () => {
    await using cluster: ScriptedCluster = new ScriptedCluster({
      createTopics: (request: never, brokerId: number) => {
        cluster.controllerId = 2;
        return created(() => (brokerId === 1 ? errors.NOT_CONTROLLER : 0))(request);
      },
    });
    await cluster.settles(cluster.admin.createTopics(['t']));
    assert.deepEqual(
      cluster.asked('createTopics').map(([id]) => id),
      [1, 2],
    );
  });

  test('a connection that ends is made again, and the items are sent again', async () => {
    let isFirst = true;
    await using cluster = new ScriptedCluster({
      createTopics: (request: never) => {
        if (!isFirst) return created(() => 0)(request);
        isFirst = false;
        return 'close';
      },
    });
    const [topic] = await cluster.settles(cluster.admin.createTopics(['t']));
    assert.equal(topic?.name, 't');
  });

  test('when the time is over, what is done is there and what is not says so', async () => {
    await using cluster = new ScriptedCluster({
      listOffsets: (request: never, brokerId: number) => (brokerId === 1 ? offsets(() => 0)(request, 1) : 'silence'),
    });
    cluster.leaders.set('t', [1, 2]);
    const call = settled(cluster.admin.listOffsets(latest([0, 1]), { timeoutMs: 500 }));
    const { results, failures } = await cluster.settles(call);
    assert.deepEqual(
      results.map(({ partition }) => partition),
      [0],
    );
    assert.equal(failures.get('t-1')?.code, 'TIMEOUT');
    assert.match(failures.get('t-1')!.message, /^Listing offsets was not done within 500 ms/);
  });

  test('a failure that would pass is named when the time is over', async () => {
    await using cluster = new ScriptedCluster({ listOffsets: offsets(() => errors.NOT_LEADER_OR_FOLLOWER) });
    cluster.leaders.set('t', [1]);
    await assert.rejects(cluster.settles(cluster.admin.listOffsets(latest([0]), { timeoutMs: 2000 })), (error) => {
      assert.ok(isClientError(error));
      assert.equal(error.code, 'TIMEOUT');
      assert.match(
        error.message,
        /The last failure was: Listing the offset of t-0 at latest was answered with NOT_LEADER/,
      );
      return true;
    });
  });

  test('an abort ends the call at once, and the connection stays', async () => {
    const controller = new AbortController();
    await using cluster = new ScriptedCluster({
      createTopics: () => {
        controller.abort(new Error('enough'));
        return 'silence';
      },
    });
    const call = cluster.admin.createTopics(['t'], { signal: controller.signal });
    await assert.rejects(cluster.settles(call), { code: 'ABORTED', message: 'Creating topics was aborted.' });
    assert.ok([...cluster.brokers.values()].some(({ openCount }) => openCount > 0));
    const late = cluster.admin.createTopics(['t'], { signal: controller.signal });
    await assert.rejects(cluster.settles(late), { code: 'ABORTED' });
  });

  test('a call of a closed admin is refused, and one at work is ended', async () => {
    const cluster = new ScriptedCluster({ createTopics: () => 'silence' });
    const call = cluster.admin.createTopics(['t']);
    const rejected = assert.rejects(cluster.settles(call), { code: 'CLOSED' });
    while (cluster.asked('createTopics').length === 0) await new Promise((resolve) => setImmediate(resolve));
    await cluster.admin.close();
    await rejected;
    await assert.rejects(cluster.admin.listTopics(), { code: 'CLOSED' });
  });

  test('an item that the answer leaves out has failed', async () => {
    await using cluster = new ScriptedCluster({ createTopics: () => ({ topics: [] }) });
    await assert.rejects(cluster.settles(cluster.admin.createTopics(['t'])), {
      code: 'BROKEN_ANSWER',
      message: 'Creating topic "t": the answer left it out.',
    });
  });

  test('nothing to do is done', async () => {
    await using cluster = new ScriptedCluster({});
    assert.deepEqual(await cluster.settles(cluster.admin.describeTopics([])), []);
    assert.equal([...cluster.brokers.values()].flatMap(({ asked }) => asked).length, 0);
  });
});
