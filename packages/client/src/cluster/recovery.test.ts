/** What a client does when brokers, leaders or whole clusters are not where they were. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { silentLogger } from '@millrace/base';
import type { Dial } from '@millrace/net';
import { dialScripted, type Script, ScriptedBroker, TestHost } from '@millrace/testkit';

import { isClientError } from '../error.ts';
import { clientKeys } from '../options/client-keys.ts';
import { readOptions } from '../options/read-options.ts';
import { Cluster } from './cluster.ts';

interface Place {
  readonly id: number;
  readonly host: string;
}

const port = 9092;
const partitionOf = (leaderId: number, leaderEpoch: number): object => ({
  errorCode: 0,
  partitionIndex: 0,
  leaderId,
  leaderEpoch,
  replicaNodes: [1],
  isrNodes: [1],
  offlineReplicas: [],
});

/** Brokers by host, who all name `places`, and topic "t" led by `leader`. */
class Stage {
  readonly host = new TestHost();
  readonly brokers = new Map<string, ScriptedBroker>();
  readonly dialled: string[] = [];
  places: Place[];
  leader = { id: 1, epoch: 1 };
  clusterError = 0;
  readonly cluster: Cluster;

  constructor(hosts: readonly string[], options: Record<string, unknown> = {}) {
    this.places = hosts.map((host, index) => ({ id: index + 1, host }));
    for (const host of hosts) this.add(host);
    const scripted: Dial = (address) => dialScripted(this.brokers)(address);
    const dial: Dial = async (address) => {
      this.dialled.push(address.host);
      return await scripted(address);
    };
    const { clock, timers, random } = this.host;
    this.cluster = new Cluster({
      host: { clock, timers, random, log: silentLogger, dial },
      config: readOptions(clientKeys, { 'bootstrap.servers': `${hosts[0]}:${port}`, ...options }),
    });
  }

  add(host: string, script: Script = ({ name }) => this.answer(name)): ScriptedBroker {
    const broker = new ScriptedBroker(script);
    this.brokers.set(`${host}:${port}`, broker);
    return broker;
  }

  answer(name: string): object | undefined {
    if (name === 'findCoordinator') {
      const { id, host } = this.places.at(-1)!;
      return { coordinators: [{ key: 'g', nodeId: id, host, port, errorCode: 0, errorMessage: null }] };
    }
    if (name === 'heartbeat') return { errorCode: 0 };
    if (name !== 'metadata') return undefined;
    const partitions = [partitionOf(this.leader.id, this.leader.epoch)];
    return {
      brokers: this.places.map(({ id, host }) => ({ nodeId: id, host, port, rack: null })),
      clusterId: 'c',
      controllerId: 1,
      topics: [{ errorCode: 0, name: 't', topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', isInternal: false, partitions }],
      errorCode: this.clusterError,
    };
  }

  broker(host: string): ScriptedBroker {
    return this.brokers.get(`${host}:${port}`)!;
  }

  /** Kills it: what is connected ends, and nobody listens any more. */
  kill(host: string): void {
    const broker = this.broker(host);
    broker.isUp = false;
    for (const connection of broker.connections) connection.destroy();
  }

  count(name: 'metadata' | 'findCoordinator'): number {
    return [...this.brokers.values()].reduce((sum, broker) => sum + broker.count(name), 0);
  }

  /** Lets time pass, and everything that follows from it happen. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 10) {
      this.host.advance(10);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  /** Lets time pass until it settles. */
  async settled<T>(promise: Promise<T>, limitMs = 120_000): Promise<T> {
    const state = { isSettled: false };
    const settled = (): void => {
      state.isSettled = true;
    };
    void promise.then(settled, settled);
    for (let passed = 0; !state.isSettled && passed < limitMs; passed += 10) await this.pass(10);
    assert.ok(state.isSettled, `it has not settled within ${limitMs} ms`);
    return await promise;
  }
}

suite('recovery', () => {
  test('a leader that is gone is looked up at another broker, and not every time somebody says so', async () => {
    const stage = new Stage(['a', 'b']);
    const { cluster } = stage;
    await stage.settled(cluster.metadata.topicReady('t', cluster.deadline()));
    const before = stage.count('metadata');
    for (let ms = 0; ms < 10_000; ms += 20) {
      cluster.metadata.invalidate();
      await stage.pass(20);
    }
    const lookups = stage.count('metadata') - before;
    assert.ok(lookups >= 5, `${lookups} lookups: saying it again must not put it off`);
    assert.ok(lookups <= 20, `${lookups} lookups that bring nothing new must become rarer`);
    stage.leader = { id: 2, epoch: 2 };
    cluster.metadata.invalidate();
    await stage.pass(1300);
    assert.equal(cluster.metadata.partition('t', 0)?.leaderId, 2);
    await cluster.close();
  });

  test('brokers that have all moved are found again by those to begin with', async () => {
    const stage = new Stage(['a', 'b']);
    const { cluster } = stage;
    await stage.settled(cluster.metadata.refresh());
    stage.kill('a');
    stage.kill('b');
    const lost = cluster.metadata.refresh();
    await assert.rejects(stage.settled(lost), { code: 'UNREACHABLE' });
    stage.add('a');
    stage.add('c');
    stage.places = [{ id: 7, host: 'c' }];
    await stage.settled(cluster.retry(cluster.deadline(), () => cluster.metadata.refresh()));
    assert.deepEqual([...cluster.metadata.nodes.keys()], [7]);
    await cluster.close();
  });

  test('with metadata.recovery.strategy none only known brokers are asked', async () => {
    const stage = new Stage(['a', 'b'], { 'metadata.recovery.strategy': 'none' });
    const { cluster } = stage;
    stage.places = [{ id: 2, host: 'b' }];
    await stage.settled(cluster.metadata.refresh());
    stage.kill('b');
    stage.dialled.length = 0;
    await assert.rejects(stage.settled(cluster.metadata.refresh()), { code: 'UNREACHABLE' });
    assert.deepEqual([...new Set(stage.dialled)], ['b']);
    await cluster.close();
  });

  test('brokers that answer nothing of use for long are left for those to begin with', async () => {
    const stage = new Stage(['a', 'b'], {
      'request.timeout.ms': 1000,
      'metadata.recovery.rebootstrap.trigger.ms': 5000,
    });
    const { cluster } = stage;
    stage.places = [{ id: 2, host: 'b' }];
    await stage.settled(cluster.metadata.refresh());
    stage.broker('b').script = ({ name }) => (name === 'apiVersions' ? undefined : 'silence');
    stage.places = [{ id: 1, host: 'a' }];
    const found = cluster.retry(cluster.deadline(), () => cluster.metadata.refresh());
    await stage.settled(found);
    assert.deepEqual([...cluster.metadata.nodes.keys()], [1]);
    await cluster.close();
  });

  test('a broker that says so sends a client back to the beginning', async () => {
    const stage = new Stage(['a', 'b']);
    const { cluster } = stage;
    await stage.settled(cluster.metadata.refresh());
    stage.clusterError = 129;
    await assert.rejects(stage.settled(cluster.metadata.refresh()), { code: 'REBOOTSTRAP_REQUIRED', retriable: true });
    stage.clusterError = 0;
    stage.dialled.length = 0;
    await stage.settled(cluster.metadata.refresh());
    assert.deepEqual([...cluster.metadata.nodes.keys()], [1, 2]);
    await cluster.close();
  });

  test('a cluster that names no brokers is not believed', async () => {
    const stage = new Stage(['a']);
    const { cluster } = stage;
    await stage.settled(cluster.metadata.refresh());
    const places = stage.places;
    stage.places = [];
    await assert.rejects(stage.settled(cluster.metadata.refresh()), { code: 'UNREACHABLE' });
    assert.equal(cluster.metadata.nodes.size, 1);
    stage.places = places;
    await cluster.close();
  });

  test('a coordinator that cannot be reached is looked up anew', async () => {
    const stage = new Stage(['a', 'b']);
    const { cluster } = stage;
    const beat = (): Promise<unknown> =>
      cluster.request({ type: 'group', key: 'g' }, 'heartbeat', { groupId: 'g', generationId: 1, memberId: 'm' });
    await stage.settled(beat());
    stage.kill('b');
    await assert.rejects(stage.settled(beat()), isClientError);
    stage.places = [{ id: 1, host: 'a' }];
    await stage.settled(cluster.retry(cluster.deadline(), beat));
    assert.ok(stage.broker('a').count('heartbeat') >= 1);
    await cluster.close();
  });

  test('a broker that is down is connected to at growing intervals, however many want it', async () => {
    const stage = new Stage(['a', 'b']);
    const { cluster } = stage;
    await stage.settled(cluster.metadata.refresh());
    stage.kill('b');
    stage.dialled.length = 0;
    const wanting = Array.from({ length: 50 }, () =>
      cluster.retry(cluster.deadline(10_000), () => cluster.connect(2)).catch(() => {}),
    );
    await stage.settled(Promise.all(wanting));
    const tries = stage.dialled.filter((host) => host === 'b').length;
    assert.ok(tries >= 5 && tries <= 40, `${tries} tries`);
    await cluster.close();
  });

  test('a broker that has moved is found at its new place, and its old connection ends', async () => {
    const stage = new Stage(['a', 'b']);
    const { cluster } = stage;
    await stage.settled(cluster.metadata.refresh());
    const old = await stage.settled(cluster.connect(2));
    stage.add('c');
    stage.places = [stage.places[0]!, { id: 2, host: 'c' }];
    await stage.settled(cluster.metadata.refresh());
    const connection = await stage.settled(cluster.connect(2));
    assert.equal(connection.broker, 'c:9092');
    assert.ok(old.isClosed);
    await cluster.close();
    assert.ok(connection.isClosed);
  });

  test('closing gives up what is being connected to, and leaves nothing open', async () => {
    const stage = new Stage(['a']);
    stage.add('a', () => 'silence');
    const asking = stage.cluster.metadata.refresh();
    const failed = assert.rejects(asking, { code: 'CLOSED' });
    await stage.pass(10);
    await stage.cluster.close();
    await failed;
    assert.equal(stage.broker('a').openCount, 0);
  });

  test('a call that is aborted between tries ends then', async () => {
    const stage = new Stage(['a']);
    stage.kill('a');
    const abort = new AbortController();
    const { cluster } = stage;
    const call = cluster.retry(cluster.deadline(), () => cluster.metadata.refresh(), abort.signal);
    const failed = assert.rejects(call, { code: 'ABORTED' });
    await stage.pass(2000);
    abort.abort();
    await failed;
    await cluster.close();
  });

  test('a topic whose partitions are not all there is not believed', async () => {
    const stage = new Stage(['a']);
    const { cluster } = stage;
    stage.broker('a').script = ({ name }) => {
      const answer = stage.answer(name) as { topics: { partitions: object[] }[] } | undefined;
      if (name === 'metadata')
        answer!.topics[0]!.partitions = [{ ...partitionOf(1, 1), partitionIndex: 1_000_000_000 }];
      return answer;
    };
    await assert.rejects(stage.settled(cluster.metadata.topicReady('t', cluster.deadline())), {
      code: 'BROKEN_ANSWER',
    });
    await cluster.close();
  });
});
