/** The transaction APIs through bytes, each at every version that is served. What is expected was seen in Apache Kafka 4.3.1. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { encodeBatch, encodeEndMarker, errorName, errors, zeroUuid } from '@millrace/protocol';

import { visible, WireStage, type ProducerIdentity } from '@millrace/testkit';
import { servedApis } from '../apis.ts';

function versionsOf(name: string): number[] {
  const served = servedApis().find(({ api }) => api.name === name);
  assert.ok(served, `${name} is served`);
  const { min, max } = served.versions;
  return Array.from({ length: max - min + 1 }, (_, index) => min + index);
}

suite('transactions through bytes', () => {
  test('InitProducerId gives epochs, and old versions another word for a fence', async () => {
    await using stage = await WireStage.open();
    for (const version of versionsOf('InitProducerId')) {
      const transactionalId = `id${version}`;
      await stage.client.send('findCoordinator', 2, { key: transactionalId, keyType: 1 });
      const request = { transactionalId, transactionTimeoutMs: 1000 };
      for (const epoch of [0, 1]) {
        const { errorCode, producerEpoch } = await stage.client.send('initProducerId', version, request);
        assert.deepEqual([errorName(errorCode), producerEpoch], ['NONE', epoch]);
      }
      for (const [more, error] of [
        [{ transactionTimeoutMs: 0 }, 'INVALID_TRANSACTION_TIMEOUT'],
        [{ transactionTimeoutMs: 900_001 }, 'INVALID_TRANSACTION_TIMEOUT'],
        [{ transactionalId: '' }, 'INVALID_REQUEST'],
      ] as const) {
        const answer = await stage.client.send('initProducerId', version, { ...request, ...more });
        assert.deepEqual([errorName(answer.errorCode), answer.producerId, answer.producerEpoch], [error, -1, -1]);
      }
      if (version < 3) continue;
      const stranger = { ...request, producerId: 999, producerEpoch: 0 };
      const { errorCode } = await stage.client.send('initProducerId', version, stranger);
      assert.equal(errorName(errorCode), version < 4 ? 'INVALID_PRODUCER_EPOCH' : 'PRODUCER_FENCED');
    }
  });

  test('who finds the coordinator first finds it ready, and so do those who come meanwhile', async () => {
    await using stage = await WireStage.open();
    const begin = async (key: string): Promise<string> => {
      using own = { client: await stage.another(), [Symbol.dispose]: () => own.client.close() };
      await own.client.send('findCoordinator', 2, { key, keyType: 1 });
      const request = { transactionalId: key, transactionTimeoutMs: 1000 };
      return errorName((await own.client.send('initProducerId', 4, request)).errorCode);
    };
    const all = await Promise.all(Array.from({ length: 8 }, async (_, index) => await begin(`id${index}`)));
    assert.deepEqual([...new Set(all)], ['NONE']);
  });

  test('AddPartitionsToTxn in the form of clients', async () => {
    await using stage = await WireStage.open();
    await stage.topic('t', 2);
    for (const version of versionsOf('AddPartitionsToTxn').filter((one) => one < 4)) {
      const id = `id${version}`;
      const { producerId, producerEpoch } = await stage.init(id);
      const add = async (epoch: number, topics: object[]): Promise<string[]> => {
        const { resultsByTopicV3AndBelow } = await stage.client.send('addPartitionsToTxn', version, {
          v3AndBelowTransactionalId: id,
          v3AndBelowProducerId: producerId,
          v3AndBelowProducerEpoch: epoch,
          v3AndBelowTopics: topics as never,
        });
        return resultsByTopicV3AndBelow.flatMap(({ resultsByPartition }) =>
          resultsByPartition.map(({ partitionErrorCode }) => errorName(partitionErrorCode)),
        );
      };
      const here = { name: 't', partitions: [0, 1] };
      assert.deepEqual(await add(producerEpoch, [here, { name: 'absent', partitions: [0] }]), [
        'OPERATION_NOT_ATTEMPTED',
        'OPERATION_NOT_ATTEMPTED',
        'UNKNOWN_TOPIC_OR_PARTITION',
      ]);
      assert.equal(await stage.state(id), 'Empty');
      const fenced = version < 2 ? 'INVALID_PRODUCER_EPOCH' : 'PRODUCER_FENCED';
      assert.deepEqual(await add(producerEpoch + 1, [here]), [fenced, fenced]);
      assert.deepEqual(await add(producerEpoch, [here]), ['NONE', 'NONE']);
      assert.equal(await stage.state(id), 'Ongoing');
    }
  });

  test('AddPartitionsToTxn in the form of brokers adds and verifies', async () => {
    await using stage = await WireStage.open();
    await stage.topic('t', 2);
    for (const version of versionsOf('AddPartitionsToTxn').filter((one) => one >= 4)) {
      const id = `id${version}`;
      const producer = await stage.init(id);
      const ask = async (verifyOnly: boolean, partitions: number[]): Promise<string[][]> => {
        const topics = [{ name: 't', partitions }];
        const { errorCode, resultsByTransaction } = await stage.client.send('addPartitionsToTxn', version, {
          transactions: [
            { transactionalId: id, ...producer, verifyOnly, topics },
            { transactionalId: 'nobody', ...producer, verifyOnly, topics },
          ],
        });
        assert.equal(errorCode, errors.NONE);
        return resultsByTransaction.map(({ topicResults }) =>
          topicResults.flatMap(({ resultsByPartition }) =>
            resultsByPartition.map(({ partitionErrorCode }) => errorName(partitionErrorCode)),
          ),
        );
      };
      assert.deepEqual(await ask(false, [0]), [['NONE'], ['INVALID_PRODUCER_ID_MAPPING']]);
      assert.deepEqual(await ask(true, [0, 1]), [
        ['NONE', 'TRANSACTION_ABORTABLE'],
        ['INVALID_PRODUCER_ID_MAPPING', 'INVALID_PRODUCER_ID_MAPPING'],
      ]);
    }
  });

  test('Produce and EndTxn: records of committed transactions are seen, those of aborted ones are not', async () => {
    await using stage = await WireStage.open();
    await stage.topic('t');
    const { topics } = await stage.client.send('metadata', 12, { topics: [{ name: 't' }] });
    const topicId = topics[0]?.topicId ?? '';
    const expected: string[] = [];
    for (const version of versionsOf('Produce').filter((one) => one < 13)) {
      for (const isCommit of [true, false]) {
        const id = `${version} ${isCommit}`;
        const producer = await stage.init(id);
        if (version < 12) assert.equal(await stage.add(id, producer, [0]), 'NONE');
        await stage.written(id, producer, 0, { version });
        await stage.written(id, producer, 1, { version });
        const next = await stage.ended(id, producer, isCommit, version < 12 ? version % 5 : 5);
        assert.equal(next.producerEpoch, version < 12 ? -1 : 1);
        await stage.settled(id, isCommit ? 'CompleteCommit' : 'CompleteAbort');
        if (isCommit) expected.push(`${producer.producerId}/0/0`, `${producer.producerId}/0/1`);
      }
    }
    assert.deepEqual(await stage.committed(), expected);
    const all = visible({ ...(await stage.fetch(0, { isolationLevel: 0 })), abortedTransactions: null });
    assert.equal(all.length, 2 * expected.length, 'who reads all sees all');
    assert.notEqual(topicId, zeroUuid);
  });

  test('EndTxn tells what is wrong, and changes nothing', async () => {
    await using stage = await WireStage.open();
    for (const version of versionsOf('EndTxn')) {
      const id = `id${version}`;
      const producer = await stage.init(id);
      const fenced = version < 2 ? 'INVALID_PRODUCER_EPOCH' : 'PRODUCER_FENCED';
      const end = async (name: string, who: ProducerIdentity): Promise<string> =>
        (await stage.end(name, who, true, version)).error;
      assert.equal(await end('', producer), 'INVALID_REQUEST');
      assert.equal(await end('nobody', producer), 'INVALID_PRODUCER_ID_MAPPING');
      assert.equal(await end(id, { ...producer, producerId: 777 }), 'INVALID_PRODUCER_ID_MAPPING');
      assert.equal(await end(id, { ...producer, producerEpoch: 3 }), fenced);
      assert.equal(await end(id, producer), 'INVALID_TXN_STATE');
      assert.equal(await stage.state(id), 'Empty');
    }
  });

  test('TxnOffsetCommit and AddOffsetsToTxn: offsets count when their transaction is committed', async () => {
    await using stage = await WireStage.open();
    await stage.topic('t');
    const { topics } = await stage.client.send('metadata', 12, { topics: [{ name: 't' }] });
    const topicId = topics[0]?.topicId ?? zeroUuid;
    await stage.client.send('findCoordinator', 2, { key: 'g', keyType: 0 });
    const offsetOf = async (groupId: string): Promise<bigint | undefined> => {
      const asked = { groupId, topics: [{ name: 't', partitionIndexes: [0] }] };
      const answer = await stage.client.send('offsetFetch', 7, { ...asked, requireStable: false });
      return answer.topics[0]?.partitions[0]?.committedOffset;
    };
    const addVersions = versionsOf('AddOffsetsToTxn');
    for (const version of versionsOf('TxnOffsetCommit')) {
      for (const isCommit of [true, false]) {
        const groupId = `g${version}${isCommit}`;
        const producer = await stage.init(groupId);
        const commit = async (more: object = {}): Promise<string> => {
          const offset = { partitionIndex: 0, committedOffset: 7n, committedLeaderEpoch: -1, committedMetadata: 'm' };
          const { topics: answered } = await stage.client.send('txnOffsetCommit', version, {
            transactionalId: groupId,
            groupId,
            ...producer,
            topics: [{ name: 't', topicId, partitions: [offset] }],
            ...more,
          });
          return errorName(answered[0]?.partitions[0]?.errorCode ?? -1);
        };
        if (version < 5) {
          assert.equal(await commit(), version < 4 ? 'INVALID_TXN_STATE' : 'TRANSACTION_ABORTABLE');
          const { errorCode } = await stage.client.send(
            'addOffsetsToTxn',
            addVersions[version % addVersions.length] ?? 0,
            {
              transactionalId: groupId,
              ...producer,
              groupId,
            },
          );
          assert.equal(errorCode, errors.NONE);
        }
        assert.equal(await commit(), 'NONE');
        assert.equal(await commit({ groupId: '' }), 'INVALID_GROUP_ID');
        if (version >= 3)
          assert.equal(await commit({ generationIdOrMemberEpoch: 4, memberId: 'm' }), 'UNKNOWN_MEMBER_ID');
        assert.equal(await offsetOf(groupId), -1n, 'not before the end');
        await stage.ended(groupId, producer, isCommit, version < 5 ? 3 : 5);
        await stage.settled(groupId, isCommit ? 'CompleteCommit' : 'CompleteAbort');
        assert.equal(await offsetOf(groupId), isCommit ? 7n : -1n);
      }
    }
  });

  test('AddOffsetsToTxn knows strangers', async () => {
    await using stage = await WireStage.open();
    const producer = await stage.init('a');
    for (const version of versionsOf('AddOffsetsToTxn')) {
      const add = async (more: object): Promise<string> => {
        const request = { transactionalId: 'a', ...producer, groupId: 'g', ...more };
        return errorName((await stage.client.send('addOffsetsToTxn', version, request)).errorCode);
      };
      assert.equal(await add({ transactionalId: 'nobody' }), 'INVALID_PRODUCER_ID_MAPPING');
      assert.equal(await add({ producerEpoch: 5 }), version < 2 ? 'INVALID_PRODUCER_EPOCH' : 'PRODUCER_FENCED');
      assert.equal(await add({}), 'NONE');
    }
  });

  test('WriteTxnMarkers: an administrator ends what hangs, and cannot do it wrong', async () => {
    await using stage = await WireStage.open();
    await stage.topic('t', 3);
    for (const version of versionsOf('WriteTxnMarkers')) {
      const id = `id${version}`;
      const producer = await stage.init(id);
      await stage.written(id, producer, 0, { partition: version });
      const end = async (more: object, name = 't', partition = version): Promise<string> => {
        const topics = [{ name, partitionIndexes: [partition] }];
        const marker = {
          ...producer,
          transactionResult: false,
          topics,
          coordinatorEpoch: 2,
          transactionVersion: 0,
          ...more,
        };
        const { markers } = await stage.client.send('writeTxnMarkers', version, { markers: [marker] });
        return errorName(markers[0]?.topics[0]?.partitions[0]?.errorCode ?? -2);
      };
      assert.equal(await end({}, 'absent'), 'UNKNOWN_TOPIC_OR_PARTITION');
      assert.equal(await end({}, 't', 9), 'UNKNOWN_TOPIC_OR_PARTITION');
      assert.equal(await end({ producerEpoch: -1 }), 'UNKNOWN_SERVER_ERROR');
      if (version >= 2) assert.equal(await end({ transactionVersion: 2 }), 'INVALID_PRODUCER_EPOCH');
      const open = await stage.fetch(0, { partition: version });
      assert.deepEqual([open.highWatermark, open.lastStableOffset], [1, 0], 'nothing was changed');
      assert.equal(await end({}), 'NONE');
      assert.equal(await end({ coordinatorEpoch: 1 }), 'TRANSACTION_COORDINATOR_FENCED');
      const ended = await stage.fetch(0, { partition: version });
      assert.deepEqual(visible(ended), []);
      assert.equal(ended.lastStableOffset, ended.highWatermark);
    }
  });

  test('a control batch of a client is refused', async () => {
    await using stage = await WireStage.open();
    await stage.topic('t');
    const producer = await stage.init('a');
    const marker = encodeEndMarker({ kind: 'commit', ...producer, coordinatorEpoch: 0, timestamp: 1 });
    const partitionData = [{ index: 0, records: marker }];
    const request = { transactionalId: 'a', acks: -1, timeoutMs: 1000, topicData: [{ name: 't', partitionData }] };
    const { responses } = await stage.client.send('produce', 9, request);
    assert.notEqual(responses[0]?.partitionResponses[0]?.errorCode, errors.NONE);
    assert.equal(stage.broker.partitions.byName('t', 0)?.log.endOffset, 0);
  });

  test('DescribeTransactions, ListTransactions and DescribeProducers tell of an open transaction', async () => {
    await using stage = await WireStage.open();
    await stage.topic('t');
    const producer = await stage.init('open');
    await stage.init('idle');
    await stage.written('open', producer, 0);
    const { transactionStates } = await stage.client.send('describeTransactions', 0, {
      transactionalIds: ['open', 'absent', ''],
    });
    assert.deepEqual(
      transactionStates.map(({ errorCode, transactionState, topics }) => [
        errorName(errorCode),
        transactionState,
        topics,
      ]),
      [
        ['NONE', 'Ongoing', [{ topic: 't', partitions: [0] }]],
        ['TRANSACTIONAL_ID_NOT_FOUND', '', []],
        ['INVALID_REQUEST', '', []],
      ],
    );
    for (const version of versionsOf('ListTransactions')) {
      const list = async (more: object): Promise<string[]> => {
        const request = { stateFilters: [], producerIdFilters: [], ...more };
        const answer = await stage.client.send('listTransactions', version, request);
        return [errorName(answer.errorCode), ...answer.transactionStates.map((one) => one.transactionalId).sort()];
      };
      assert.deepEqual(await list({}), ['NONE', 'idle', 'open']);
      assert.deepEqual(await list({ stateFilters: ['Ongoing'] }), ['NONE', 'open']);
      assert.deepEqual(await list({ stateFilters: ['ongoing'] }), ['NONE']);
      assert.deepEqual(await list({ producerIdFilters: [producer.producerId] }), ['NONE', 'open']);
      if (version >= 1) assert.deepEqual(await list({ durationFilter: 1e9 }), ['NONE']);
      if (version < 2) continue;
      assert.deepEqual(await list({ transactionalIdPattern: 'o.*' }), ['NONE', 'open']);
      assert.deepEqual(await list({ transactionalIdPattern: 'o' }), ['NONE']);
      assert.deepEqual(await list({ transactionalIdPattern: '(' }), ['INVALID_REGULAR_EXPRESSION']);
    }
    const { topics } = await stage.client.send('describeProducers', 0, {
      topics: [{ name: 't', partitionIndexes: [0, 5] }],
    });
    const [here, absent] = topics[0]?.partitions ?? [];
    const [active] = here?.activeProducers ?? [];
    assert.deepEqual(
      [active?.producerId, active?.currentTxnStartOffset, active?.lastSequence],
      [producer.producerId, 0, 0],
    );
    assert.equal(errorName(absent?.errorCode ?? -1), 'UNKNOWN_TOPIC_OR_PARTITION');
  });

  test('a transactional batch needs a name, and one producer only', async () => {
    await using stage = await WireStage.open();
    await stage.topic('t', 2);
    const producer = await stage.init('a');
    const produce = async (transactionalId: string | null, producerIds: readonly number[]): Promise<string[]> => {
      const partitionData = producerIds.map((producerId, index) => ({
        index,
        records: encodeBatch([{ value: Buffer.from('x'), timestamp: 1 }], {
          producerId,
          producerEpoch: producer.producerEpoch,
          baseSequence: 0,
          isTransactional: true,
        }),
      }));
      const request = { transactionalId, acks: -1, timeoutMs: 1000, topicData: [{ name: 't', partitionData }] };
      const { responses } = await stage.client.send('produce', 12, request);
      return responses[0]?.partitionResponses.map(({ errorCode }) => errorName(errorCode)) ?? [];
    };
    assert.deepEqual(await produce(null, [producer.producerId]), ['TRANSACTIONAL_ID_AUTHORIZATION_FAILED']);
    const mapping = 'INVALID_PRODUCER_ID_MAPPING';
    assert.deepEqual(await produce('a', [producer.producerId, 99]), [mapping, mapping]);
    assert.equal(await stage.state('a'), 'Empty');
  });
});

suite('features', () => {
  test('a new cluster has the levels of Kafka 4.3.1', async () => {
    await using stage = await WireStage.open();
    for (const version of [3, 4, 5]) {
      const answer = await stage.client.send('apiVersions', version, {
        clientSoftwareName: 'test',
        clientSoftwareVersion: '1',
      });
      assert.deepEqual(
        answer.finalizedFeatures.map(({ name, maxVersionLevel }) => `${name} ${maxVersionLevel}`).sort(),
        ['group.version 1', 'metadata.version 30', 'transaction.version 2'],
      );
      const supported = answer.supportedFeatures.map(
        ({ name, minVersion, maxVersion }) => `${name} ${minVersion}-${maxVersion}`,
      );
      const fromZero = ['group.version 0-1', 'transaction.version 0-2'];
      assert.deepEqual(supported.sort(), ['metadata.version 7-30', ...(version < 4 ? [] : fromZero)].sort());
    }
  });

  test('UpdateFeatures changes all or nothing, and only looks when it is told so', async () => {
    const first = await WireStage.open();
    const before = first.broker.image.features();
    const levels = (): string => JSON.stringify([...before]);
    const present = levels();
    for (const version of versionsOf('UpdateFeatures')) {
      const update = async (updates: [string, number, number?][], validateOnly = false): Promise<string> => {
        const featureUpdates = updates.map(([feature, maxVersionLevel, upgradeType = 1]) => ({
          feature,
          maxVersionLevel,
          upgradeType,
          allowDowngrade: false,
        }));
        const answer = await first.client.send('updateFeatures', version, { featureUpdates, validateOnly });
        return `${errorName(answer.errorCode)} ${answer.errorMessage ?? ''}`;
      };
      const failed =
        'INVALID_UPDATE_VERSION The update failed for all features since the following feature had an error: ';
      assert.equal(await update([['transaction.version', 2]]), 'NONE ');
      assert.equal(
        await update([['no.such', 1]]),
        `${failed}Invalid update version 1 for feature no.such. Local controller 1 does not support this feature.`,
      );
      assert.equal(
        await update([
          ['transaction.version', 2],
          ['group.version', 9],
        ]),
        `${failed}Invalid update version 9 for feature group.version. Local controller 1 only supports versions 0-1`,
      );
      assert.match(await update([['transaction.version', 1]]), /Can't downgrade the version of this feature/);
      if (version > 0) {
        assert.match(await update([['transaction.version', 1, 9]]), /does not support the given upgrade type/);
        assert.match(
          await update([['metadata.version', 20, 2]]),
          /Unsupported metadata.version downgrade from 30 to 20/,
        );
        assert.equal(await update([['transaction.version', 1, 2]], true), 'NONE ');
      }
      assert.equal(levels(), present);
    }
    const featureUpdates = [
      { feature: 'transaction.version', maxVersionLevel: 0, upgradeType: 2, allowDowngrade: false },
    ];
    assert.equal((await first.client.send('updateFeatures', 2, { featureUpdates })).errorCode, errors.NONE);
    await using second = await first.restart();
    assert.equal(second.broker.image.featureLevel('transaction.version'), 0);
  });
});
