/** What tools ask of a cluster, answered by its only node. The expected answers are those that Apache Kafka 4.3.1 gave. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { errorName, zeroUuid } from '@millrace/protocol';
import { startBroker, WireClient, type TestBroker } from '@millrace/testkit';

async function stage(properties: Readonly<Record<string, string>> = {}): Promise<{
  readonly client: WireClient;
  readonly broker: TestBroker;
  [Symbol.asyncDispose](): Promise<void>;
}> {
  const broker = await startBroker(properties);
  const client = await WireClient.connect(broker.bootstrap);
  await client.send('createTopics', 7, {
    topics: [{ name: 't', numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }],
  });
  const dispose = async (): Promise<void> => {
    client.close();
    await broker.stop();
  };
  return { client, broker, [Symbol.asyncDispose]: dispose };
}

suite('elections', () => {
  test('none is needed where the only replica leads', async () => {
    await using at = await stage();
    for (const electionType of [0, 1]) {
      const { errorCode, replicaElectionResults } = await at.client.send('electLeaders', 2, {
        electionType,
        topicPartitions: [
          { topic: 't', partitions: [0, 7] },
          { topic: 'gone', partitions: [0] },
        ],
      });
      assert.equal(errorName(errorCode), 'NONE');
      assert.deepEqual(
        replicaElectionResults.map(({ topic, partitionResult }) => [
          topic,
          ...partitionResult.map((one) => [one.partitionId, errorName(one.errorCode), one.errorMessage]),
        ]),
        [
          [
            't',
            [0, 'ELECTION_NOT_NEEDED', 'Leader election not needed for topic partition.'],
            [7, 'UNKNOWN_TOPIC_OR_PARTITION', 'No such partition as t-7'],
          ],
          ['gone', [0, 'UNKNOWN_TOPIC_OR_PARTITION', 'No such topic as gone']],
        ],
      );
    }
  });

  test('of all partitions only those that need one are named', async () => {
    await using at = await stage();
    for (const version of [0, 1, 2]) {
      const answer = await at.client.send('electLeaders', version, { electionType: 0, topicPartitions: null });
      assert.deepEqual(answer.replicaElectionResults, [{ topic: 't', partitionResult: [] }]);
    }
  });

  test('a kind of election that nobody knows is refused', async () => {
    await using at = await stage();
    const answer = await at.client.send('electLeaders', 2, {
      electionType: 2,
      topicPartitions: [{ topic: 't', partitions: [0] }],
    });
    assert.equal(errorName(answer.errorCode), 'INVALID_REQUEST');
    assert.equal(answer.replicaElectionResults[0]?.partitionResult[0]?.errorMessage, 'Unknown election type 2');
  });
});

suite('reassignments', () => {
  const ask = async (client: WireClient, name: string, partitionIndex: number, replicas: number[] | null) => {
    const { responses } = await client.send('alterPartitionReassignments', 1, {
      topics: [{ name, partitions: [{ partitionIndex, replicas }] }],
    });
    const result = responses[0]?.partitions[0];
    return [errorName(result?.errorCode ?? -1), result?.errorMessage];
  };

  test('to the replicas that there are changes nothing, to others is refused', async () => {
    await using at = await stage();
    assert.deepEqual(await ask(at.client, 't', 0, [1]), ['NONE', null]);
    assert.deepEqual(await ask(at.client, 't', 0, [1, 2]), [
      'INVALID_REPLICA_ASSIGNMENT',
      'The manual partition assignment includes broker 2, but no such broker is registered.',
    ]);
    assert.deepEqual(await ask(at.client, 't', 0, []), [
      'INVALID_REPLICA_ASSIGNMENT',
      'The manual partition assignment includes an empty replica list.',
    ]);
    assert.deepEqual(await ask(at.client, 't', 0, [1, 1]), [
      'INVALID_REPLICA_ASSIGNMENT',
      'The manual partition assignment includes the broker 1 more than once.',
    ]);
    assert.deepEqual(await ask(at.client, 't', 0, null), ['NO_REASSIGNMENT_IN_PROGRESS', null]);
    assert.deepEqual(await ask(at.client, 't', 9, [1]), [
      'UNKNOWN_TOPIC_OR_PARTITION',
      'Unable to find partition t:9.',
    ]);
    assert.deepEqual(await ask(at.client, 'gone', 0, null), [
      'UNKNOWN_TOPIC_OR_PARTITION',
      'Unable to find a topic named gone.',
    ]);
  });

  test('none is ever under way', async () => {
    await using at = await stage();
    for (const topics of [null, [{ name: 't', partitionIndexes: [0] }], [{ name: 'gone', partitionIndexes: [0] }]]) {
      const answer = await at.client.send('listPartitionReassignments', 0, { topics });
      assert.deepEqual([errorName(answer.errorCode), answer.topics], ['NONE', []]);
    }
  });
});

suite('the quorum of one', () => {
  const listeners = [{ name: 'CONTROLLER', host: '127.0.0.1', port: 9999 }];
  const voterDirectoryId = 'bWlsbHJhY2VfcmVmZXJlbg';

  test('takes no voters and gives none up', async () => {
    await using at = await stage();
    const { clusterId } = at.broker.broker;
    const voter = { clusterId, voterId: 2, voterDirectoryId };
    for (const version of [0, 1]) {
      const added = await at.client.send('addRaftVoter', version, { ...voter, timeoutMs: 1000, listeners });
      assert.equal(errorName(added.errorCode), 'UNSUPPORTED_VERSION');
      assert.equal(added.errorMessage, "Cluster doesn't support adding voter because the kraft.version feature is 0");
    }
    const removed = await at.client.send('removeRaftVoter', 0, voter);
    assert.equal(removed.errorMessage, "Cluster doesn't support removing voter because the kraft.version feature is 0");
  });

  test('says first what is wrong with a request', async () => {
    await using at = await stage();
    const { clusterId } = at.broker.broker;
    const add = async (changed: object) => {
      const voter = { clusterId, voterId: 2, voterDirectoryId, timeoutMs: 1000, listeners, ...changed };
      const answer = await at.client.send('addRaftVoter', 0, voter);
      return [errorName(answer.errorCode), answer.errorMessage];
    };
    assert.deepEqual(await add({ clusterId: 'wrong', voterId: -1 }), [
      'INCONSISTENT_CLUSTER_ID',
      `The given id "wrong" doesn't match the cluster id "${clusterId}"`,
    ]);
    assert.deepEqual(await add({ voterId: -1 }), ['INVALID_REQUEST', "Add voter request didn't include a valid voter"]);
    assert.deepEqual(await add({ listeners: [] }), [
      'INVALID_REQUEST',
      "Add voter request didn't include the endpoint (Endpoints(endpoints={})) for the default listener ListenerName(CONTROLLER)",
    ]);
    const removed = await at.client.send('removeRaftVoter', 0, { clusterId, voterId: 1, voterDirectoryId: zeroUuid });
    assert.equal(removed.errorMessage, "Remove voter request didn't include a valid voter");
  });

  test('is described by the name of the metadata partition and by nothing else', async () => {
    await using at = await stage();
    const ask = async (topicName: string, ...indexes: number[]) => {
      const partitions = indexes.map((partitionIndex) => ({ partitionIndex }));
      return await at.client.send('describeQuorum', 2, { topics: [{ topicName, partitions }] });
    };
    const known = await ask('__cluster_metadata', 0);
    const partition = known.topics[0]?.partitions[0];
    assert.deepEqual([partition?.leaderId, partition?.currentVoters[0]?.replicaId], [1, 1]);
    for (const unknown of [
      await ask('t', 0),
      await ask('__cluster_metadata', 1),
      await ask('__cluster_metadata', 0, 1),
    ]) {
      const [first] = unknown.topics[0]?.partitions ?? [];
      assert.deepEqual(
        [errorName(first?.errorCode ?? -1), first?.errorMessage, first?.leaderId],
        ['UNKNOWN_TOPIC_OR_PARTITION', 'This server does not host this topic-partition.', 0],
      );
    }
  });

  test('a broker that is not there cannot be unregistered, nor the one that is', async () => {
    await using at = await stage();
    const gone = await at.client.send('unregisterBroker', 0, { brokerId: 9 });
    assert.deepEqual(
      [errorName(gone.errorCode), gone.errorMessage],
      ['BROKER_ID_NOT_REGISTERED', 'Broker ID 9 is not currently registered'],
    );
    const self = await at.client.send('unregisterBroker', 0, { brokerId: 1 });
    assert.equal(errorName(self.errorCode), 'INVALID_REQUEST');
    const { brokers } = await at.client.send('metadata', 12, { topics: [] });
    assert.equal(brokers.length, 1);
  });

  test('is described as controllers on the listener of the controller', async () => {
    await using at = await stage({ listeners: 'PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0' });
    const controller = at.broker.broker.advertised('CONTROLLER');
    await using there = await WireClient.connect(`127.0.0.1:${controller.port}`);
    const ask = async (client: WireClient, endpointType: number) => {
      const answer = await client.send('describeCluster', 1, {
        includeClusterAuthorizedOperations: false,
        endpointType,
      });
      return [errorName(answer.errorCode), answer.brokers.map(({ port }) => port)];
    };
    assert.deepEqual(await ask(there, 2), ['NONE', [controller.port]]);
    assert.deepEqual(await ask(there, 1), ['MISMATCHED_ENDPOINT_TYPE', []]);
    assert.deepEqual(await ask(at.client, 1), ['NONE', [at.broker.port]]);
    assert.deepEqual(await ask(at.client, 2), ['MISMATCHED_ENDPOINT_TYPE', []]);
  });
});
