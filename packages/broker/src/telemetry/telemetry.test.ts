/** Clients that push their metrics, over sockets. What is expected was first seen in Apache Kafka 4.3.1 with a receiver. */
import assert from 'node:assert/strict';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { suite, test } from 'node:test';

import { silentLogger } from '@millrace/base';
import { compress, errorName, zeroUuid } from '@millrace/protocol';
import { startBroker, WireClient, type TestBroker } from '@millrace/testkit';

import type { Exchange } from '../exchange.ts';
import { MetadataImage } from '../metadata/image.ts';
import { Telemetry, type TelemetryDoors } from './telemetry.ts';

const withMetrics = { 'admin.listener': '127.0.0.1:0' };
const instanceId = 'abcdefghijklmnopqrstuw';
/** A gauge `org.apache.kafka.test.size` of 2.5, as OTLP. */
const otlp = Buffer.from(
  '0a2d122b12290a1a6f72672e6170616368652e6b61666b612e746573742e73697a652a0b0a09210000000000000440',
  'hex',
);

async function subscribe(broker: TestBroker, name: string, settings: Readonly<Record<string, string>>): Promise<void> {
  await using admin = await WireClient.connect(broker.bootstrap);
  const { responses } = await admin.send('incrementalAlterConfigs', 1, {
    resources: [
      {
        resourceType: 16,
        resourceName: name,
        configs: Object.entries(settings).map(([key, value]) => ({ name: key, configOperation: 0, value })),
      },
    ],
    validateOnly: false,
  });
  assert.equal(errorName(responses[0]?.errorCode ?? -1), 'NONE', responses[0]?.errorMessage ?? '');
}

async function ask(client: WireClient, clientInstanceId = zeroUuid) {
  return await client.send('getTelemetrySubscriptions', 0, { clientInstanceId });
}

interface PushOptions {
  readonly id?: string;
  readonly compressionType?: number;
  readonly terminating?: boolean;
  readonly metrics?: Buffer;
}

async function push(client: WireClient, subscriptionId: number, options: PushOptions = {}): Promise<string> {
  const { errorCode } = await client.send('pushTelemetry', 0, {
    clientInstanceId: options.id ?? instanceId,
    subscriptionId,
    terminating: options.terminating ?? false,
    compressionType: options.compressionType ?? 0,
    metrics: options.metrics ?? otlp,
  });
  return errorName(errorCode);
}

async function scrape({ broker }: TestBroker): Promise<string> {
  return await (await fetch(`http://127.0.0.1:${broker.adminPort}/metrics`)).text();
}

suite('a client that asks what is wanted of it', () => {
  test('gets an id, and what all subscriptions that match want together', async () => {
    await using broker = await startBroker(withMetrics);
    await using client = await WireClient.connect(broker.bootstrap);
    await client.send('apiVersions', 3, { clientSoftwareName: 'wire', clientSoftwareVersion: '1.2' });
    await subscribe(broker, 'a', { metrics: 'x.,y.', 'interval.ms': '60000' });
    await subscribe(broker, 'b', { metrics: 'z.', 'interval.ms': '5000', match: 'client_software_name=wi.*' });
    await subscribe(broker, 'c', { metrics: '*', match: 'client_id=other' });
    const answer = await ask(client);
    assert.equal(errorName(answer.errorCode), 'NONE');
    assert.notEqual(answer.clientInstanceId, zeroUuid);
    assert.deepEqual([...answer.requestedMetrics].sort(), ['x.', 'y.', 'z.']);
    assert.equal(answer.pushIntervalMs, 5000);
    assert.equal(answer.telemetryMaxBytes, 1_048_576);
    assert.equal(answer.deltaTemporality, true);
    assert.deepEqual(answer.acceptedCompressionTypes, [4, 3, 1, 2]);
  });

  test('may not ask again at once, unless what is wanted changed', async () => {
    await using broker = await startBroker(withMetrics);
    await using client = await WireClient.connect(broker.bootstrap);
    const first = await ask(client, instanceId);
    assert.deepEqual([first.pushIntervalMs, first.requestedMetrics], [300_000, []]);
    const refused = await ask(client, instanceId);
    assert.equal(errorName(refused.errorCode), 'THROTTLING_QUOTA_EXCEEDED');
    assert.equal(refused.clientInstanceId, zeroUuid);
    await subscribe(broker, 'a', { metrics: '*' });
    const changed = await ask(client, instanceId);
    assert.deepEqual([errorName(changed.errorCode), changed.requestedMetrics], ['NONE', ['*']]);
    assert.notEqual(changed.subscriptionId, first.subscriptionId);
  });

  test('is not offered it where nobody could see the metrics', async () => {
    await using broker = await startBroker();
    await using client = await WireClient.connect(broker.bootstrap);
    const { apiKeys } = await client.send('apiVersions', 3, { clientSoftwareName: 'a', clientSoftwareVersion: '1' });
    assert.deepEqual(
      apiKeys.filter(({ apiKey }) => apiKey === 71 || apiKey === 72),
      [],
    );
  });
});

suite('a client that pushes', () => {
  test('shows on /metrics until it is gone, whichever way it compresses', async () => {
    await using broker = await startBroker(withMetrics);
    await subscribe(broker, 'a', { metrics: '*' });
    for (const [compressionType, name] of ['none', 'gzip', 'snappy', 'lz4', 'zstd'].entries()) {
      await using client = await WireClient.connect(broker.bootstrap);
      const { subscriptionId, clientInstanceId: id } = await ask(client);
      const metrics = compress(compressionType, otlp);
      assert.equal(await push(client, subscriptionId, { id, compressionType, metrics }), 'NONE', name);
      const line = `kafka_client_test_size{client_id="wire-client",client_instance_id="${id}"} 2.5`;
      assert.ok((await scrape(broker)).includes(line), name);
    }
    const text = await scrape(broker);
    assert.match(text, /^# TYPE kafka_client_test_size gauge$/m);
    assert.match(text, /^millrace_client_metrics_pushes_total\{error="NONE"\} 5$/m);
    assert.match(text, /^millrace_client_metrics_clients 5$/m);
  });

  test('is refused in the order of Kafka', async () => {
    await using broker = await startBroker({ ...withMetrics, 'telemetry.max.bytes': '1000' });
    await using client = await WireClient.connect(broker.bootstrap);
    const outcomes: string[] = [];
    let ids = 0;
    /** Each as a client of its own, which has just asked. */
    const fresh = async (options: (subscriptionId: number) => readonly [number, PushOptions]): Promise<void> => {
      const id = `${instanceId.slice(0, 20)}${String.fromCharCode(65 + ids++)}w`;
      const { subscriptionId } = await ask(client, id);
      const [given, rest] = options(subscriptionId);
      outcomes.push(await push(client, given, { id, ...rest }));
    };
    await fresh((id) => [id, {}]);
    await fresh((id) => [id + 1, { compressionType: 9 }]);
    await fresh((id) => [id, { compressionType: 9, metrics: Buffer.alloc(2000) }]);
    await fresh((id) => [id, { compressionType: -1 }]);
    await fresh((id) => [id, { metrics: Buffer.alloc(1001) }]);
    await fresh((id) => [id, { compressionType: 4, metrics: zstdCompressSync(Buffer.alloc(5_000_000)) }]);
    await fresh((id) => [id, { compressionType: 1, metrics: gzipSync(Buffer.alloc(500_000)) }]);
    await fresh((id) => [id, { compressionType: 4, metrics: Buffer.from('nonsense') }]);
    await fresh((id) => [id, { metrics: Buffer.from([255]) }]);
    await fresh((id) => [id, { metrics: Buffer.alloc(0) }]);
    outcomes.push(await push(client, 0, { id: zeroUuid }), await push(client, 0, { id: 'AAAAAAAAAAAAAAAAAAAAAQ' }));
    assert.deepEqual(outcomes, [
      'NONE',
      'UNKNOWN_SUBSCRIPTION_ID',
      'UNSUPPORTED_COMPRESSION_TYPE',
      'UNSUPPORTED_COMPRESSION_TYPE',
      'TELEMETRY_TOO_LARGE',
      'TELEMETRY_TOO_LARGE',
      'TELEMETRY_TOO_LARGE',
      'INVALID_RECORD',
      'INVALID_RECORD',
      'NONE',
      'INVALID_REQUEST',
      'INVALID_REQUEST',
    ]);
  });

  test('may not push again at once, but for the last time; after that it may not at all', async () => {
    await using broker = await startBroker(withMetrics);
    await using client = await WireClient.connect(broker.bootstrap);
    const { subscriptionId } = await ask(client, instanceId);
    const outcomes = [
      await push(client, subscriptionId),
      await push(client, subscriptionId),
      await push(client, subscriptionId, { terminating: true }),
      await push(client, subscriptionId),
    ];
    assert.deepEqual(outcomes, ['NONE', 'THROTTLING_QUOTA_EXCEEDED', 'NONE', 'INVALID_REQUEST']);
  });

  test('for an older subscription is told so, and may ask at once what is wanted now', async () => {
    await using broker = await startBroker(withMetrics);
    await using client = await WireClient.connect(broker.bootstrap);
    const { subscriptionId } = await ask(client, instanceId);
    await subscribe(broker, 'a', { metrics: '*' });
    assert.equal(await push(client, subscriptionId), 'UNKNOWN_SUBSCRIPTION_ID');
    const again = await ask(client, instanceId);
    assert.deepEqual([errorName(again.errorCode), again.requestedMetrics], ['NONE', ['*']]);
    assert.notEqual(again.subscriptionId, subscriptionId);
  });
});

suite('a client that is silent', () => {
  /** A client that asked and pushed at the time 0. */
  function pushed(): {
    telemetry: Telemetry;
    session: { onEnded: (() => void) | undefined };
    at: (ms: number) => void;
  } {
    let nowMs = 0;
    const telemetry = new Telemetry(
      {
        host: { clock: { now: () => nowMs, monotonic: () => nowMs }, log: silentLogger },
        image: new MetadataImage(),
        settings: { values: { 'telemetry.max.bytes': 1000 } },
        config: { adminListener: { host: '', port: 0 } },
      } as unknown as TelemetryDoors,
      () => instanceId,
    );
    const session = { softwareName: '', softwareVersion: '', connection: { remotePort: 1 }, onEnded: undefined };
    const exchange = { session, clientId: 'c', clientHost: '127.0.0.1' } as unknown as Exchange;
    const answer = telemetry.ask(exchange, zeroUuid);
    assert.ok(typeof answer === 'object');
    const { subscriptionId } = answer;
    const taken = {
      clientInstanceId: instanceId,
      subscriptionId,
      terminating: false,
      compressionType: 0,
      metrics: otlp,
    };
    assert.equal(telemetry.push(exchange, taken), 0);
    return { telemetry, session, at: (ms) => (nowMs = ms) };
  }

  test('is forgotten after three times its interval', () => {
    const { telemetry, at } = pushed();
    at(899_000);
    assert.deepEqual([Object.keys(telemetry.names()), telemetry.clientCount], [['kafka_client_test_size'], 1]);
    at(901_000);
    assert.deepEqual([Object.keys(telemetry.names()), telemetry.clientCount, telemetry.seriesCount], [[], 0, 0]);
  });

  test('because its connection is gone is forgotten a minute later', () => {
    const { telemetry, session, at } = pushed();
    at(10_000);
    session.onEnded?.();
    at(69_000);
    assert.equal(Object.keys(telemetry.names()).length, 1);
    at(71_000);
    assert.equal(Object.keys(telemetry.names()).length, 0);
  });
});

suite('a pattern that chooses clients', () => {
  test('must be one', async () => {
    await using broker = await startBroker(withMetrics);
    await using client = await WireClient.connect(broker.bootstrap);
    for (const match of ['client_id=(', 'client_id', 'nonsense=x', 'client_id=a=b']) {
      const { responses } = await client.send('incrementalAlterConfigs', 1, {
        resources: [
          { resourceType: 16, resourceName: 's', configs: [{ name: 'match', configOperation: 0, value: match }] },
        ],
        validateOnly: false,
      });
      assert.deepEqual(
        [errorName(responses[0]?.errorCode ?? -1), responses[0]?.errorMessage],
        ['INVALID_CONFIG', `Illegal client matching pattern: ${match}`],
      );
    }
  });
});
