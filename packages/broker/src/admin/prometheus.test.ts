/** What a scrape of a broker with topics, groups and requests says. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { encodeBatch } from '@millrace/protocol';
import { startBroker, WireClient, type TestBroker } from '@millrace/testkit';

type Samples = ReadonlyMap<string, number>;

async function scrape({ broker }: TestBroker): Promise<Samples> {
  const response = await fetch(`http://127.0.0.1:${broker.adminPort}/metrics`);
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

async function topic(client: WireClient, name: string, numPartitions: number): Promise<void> {
  await client.send('createTopics', 7, {
    topics: [{ name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }],
  });
}

async function produce(client: WireClient, name: string, values: readonly string[]): Promise<void> {
  const records = encodeBatch(values.map((value) => ({ value: Buffer.from(value) })));
  await client.send('produce', 9, {
    acks: -1,
    timeoutMs: 5000,
    topicData: [{ name, partitionData: [{ index: 0, records }] }],
  });
}

const withMetrics = { 'admin.listener': '127.0.0.1:0' };

suite('a scrape', () => {
  test('says the same under the names of every dialect', async () => {
    await using broker = await startBroker(withMetrics);
    await using client = await WireClient.connect(broker.bootstrap);
    await topic(client, 'orders', 2);
    await produce(client, 'orders', ['a', 'b', 'c']);
    const samples = await scrape(broker);
    const expected: readonly (readonly [string, number])[] = [
      ['kafka_server_brokertopicmetrics_messagesin_total{topic="orders"}', 3],
      ['kafka_server_brokertopicmetrics_messagesin_total', 3],
      ['kafka_server_brokertopicmetrics_messagesinpersec_total{topic="orders"}', 3],
      ['kafka_topic_partitions{topic="orders"}', 2],
      ['kafka_topic_partition_current_offset{topic="orders",partition="0"}', 3],
      ['kafka_topic_partition_leader{topic="orders",partition="1"}', 1],
      ['kafka_brokers', 1],
      [`kafka_broker_info{address="${broker.bootstrap}",id="1"}`, 1],
      ['kafka_cluster_partition_underminisr{topic="orders",partition="0"}', 0],
      ['kafka_server_raftmetrics_current_state{current_state="leader"}', 1],
      ['kafka_server_raft_metrics_current_state_info{current_state="leader"}', 1],
      ['kafka_server_raft_metrics_current_vote', 1],
      ['kafka_server_socket_server_metrics_connection_count{listener="PLAINTEXT",networkProcessor="0"}', 1],
      ['kafka_network_requestmetrics_requests_total{request="Produce"}', 1],
      ['kafka_network_requestmetrics_totaltimems_count{request="CreateTopics"}', 1],
    ];
    for (const [name, value] of expected) assert.equal(samples.get(name), value, name);
    assert.ok((samples.get('kafka_network_requestmetrics_totaltimems{request="Produce",quantile="0.99"}') ?? 0) > 0);
    assert.ok((samples.get('kafka_server_raftmetrics_commit_latency_avg') ?? Number.NaN) >= 0);
    assert.ok((samples.get('kafka_server_raftmetrics_append_records_rate') ?? 0) > 0);
    const idle = samples.get('kafka_network_socketserver_networkprocessoravgidle_percent') ?? -1;
    assert.ok(idle >= 0 && idle <= 1, `idle is ${idle}`);
    assert.ok(samples.has('process_resident_memory_bytes'));
  });

  test('says how far a group has read, and its lag', async () => {
    await using broker = await startBroker(withMetrics);
    await using client = await WireClient.connect(broker.bootstrap);
    await topic(client, 'orders', 2);
    await produce(client, 'orders', ['a', 'b', 'c']);
    await client.send('findCoordinator', 3, { key: 'readers', keyType: 0 });
    const partitions = [
      { partitionIndex: 0, committedOffset: 1n, committedMetadata: '' },
      { partitionIndex: 1, committedOffset: 0n, committedMetadata: '' },
    ];
    await client.send('offsetCommit', 8, {
      groupId: 'readers',
      generationIdOrMemberEpoch: -1,
      memberId: '',
      topics: [{ name: 'orders', partitions }],
    });
    const samples = await scrape(broker);
    const labels = 'consumergroup="readers",topic="orders"';
    assert.equal(samples.get(`kafka_consumergroup_current_offset{${labels},partition="0"}`), 1);
    assert.equal(samples.get(`kafka_consumergroup_lag{${labels},partition="0"}`), 2);
    assert.equal(samples.get(`kafka_consumergroup_lag{${labels},partition="1"}`), 0);
    assert.equal(samples.get(`kafka_consumergroup_lag_sum{${labels}}`), 2);
    assert.equal(samples.get(`kafka_consumergroup_current_offset_sum{${labels}}`), 1);
    assert.equal(samples.get('kafka_consumergroup_members{consumergroup="readers"}'), 0);
  });

  test('has the names of the chosen dialects only', async () => {
    await using broker = await startBroker({ ...withMetrics, 'metrics.dialects': 'kafka-exporter' });
    const samples = await scrape(broker);
    assert.equal(samples.get('kafka_brokers'), 1);
    assert.ok(!samples.has('kafka_server_replicamanager_partitioncount'));
  });

  test('writes names of users so that they can be read back', async () => {
    await using broker = await startBroker(withMetrics);
    await using client = await WireClient.connect(broker.bootstrap);
    await client.send('findCoordinator', 3, { key: 'a"b\\c\nd', keyType: 0 });
    await topic(client, 'orders', 1);
    await client.send('offsetCommit', 8, {
      groupId: 'a"b\\c\nd',
      generationIdOrMemberEpoch: -1,
      memberId: '',
      topics: [{ name: 'orders', partitions: [{ partitionIndex: 0, committedOffset: 0n, committedMetadata: '' }] }],
    });
    const samples = await scrape(broker);
    assert.ok(samples.has('kafka_consumergroup_members{consumergroup="a\\"b\\\\c\\nd"}'));
  });
});
