import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { errors, zeroUuid } from '@millrace/protocol';

import { instanceId, intervalMs, TelemetryStage } from './telemetry-stage.ts';

const labels = '{transactional_id=x client_rack=r1 node_id=node-1}';
/** The first push comes within this time. */
const firstMs = intervalMs * 1.5;

suite('metrics that a broker wants', () => {
  test('are asked for as soon as the client has a connection, and pushed in the interval that the broker sets', async () => {
    await using stage = new TelemetryStage();
    await stage.advance(60_000);
    assert.equal(stage.broker.connections.length, 0);
    await stage.begin();
    assert.deepEqual(stage.asked, [zeroUuid]);
    await stage.advance(intervalMs / 2 - 1);
    assert.equal(stage.pushes.length, 0);
    await stage.advance(intervalMs + 1);
    assert.equal(stage.pushes.length, 1);
    for (let pushes = 2; pushes < 5; pushes++) {
      await stage.advance(intervalMs);
      assert.equal(stage.pushes.length, pushes);
    }
    for (const { lines: _, ...push } of stage.pushes)
      assert.deepEqual(push, {
        clientInstanceId: instanceId,
        subscriptionId: 7,
        terminating: false,
        compressionType: 4,
      });
    assert.deepEqual([stage.asked.length, stage.broker.connections.length, stage.waitingCount], [1, 1, 1]);
  });

  test('have Kafka’s names, and are told as what has come to them where the broker wants that', async () => {
    await using stage = new TelemetryStage();
    await stage.begin();
    stage.sent.record(40, undefined, 3);
    stage.sent.record(50);
    // Somewhere before this the first push comes.
    await stage.advance(firstMs);
    await stage.advance(firstMs);
    stage.sent.record(60);
    await stage.advance(intervalMs);
    const first = stage.pushes[0]!.lines;
    const firstAt = first[0]!.match(/0-(\d+(\.\d+)?) /)![1]!;
    assert.deepEqual(first, [
      `org.apache.kafka.producer.record.send.total delta+ 4 0-${firstAt} ${labels}`,
      `org.apache.kafka.producer.record.size.max gauge 50 -${firstAt} ${labels}`,
      `org.apache.kafka.producer.io.ratio gauge 0.5 -${firstAt} ${labels}`,
    ]);
    const sums = stage.pushes.map(({ lines }) => lines[0]!.split(' ').slice(1, 4));
    assert.equal(
      sums.reduce((sum, [, value]) => sum + Number(value), 0),
      5,
    );
    for (const [index, [, , span]] of sums.entries())
      if (index > 0) assert.equal(span!.split('-')[0], sums[index - 1]![2]!.split('-')[1]);
  });

  test('are told as totals otherwise, and without those that have nothing to tell', async () => {
    await using stage = new TelemetryStage();
    stage.wanted = { deltaTemporality: false, requestedMetrics: ['org.apache.kafka.producer.record.', 'a'] };
    stage.sent.record(1);
    await stage.begin();
    await stage.advance(firstMs);
    stage.sent.record(1);
    await stage.advance(100_000);
    const [first] = stage.pushes;
    const last = stage.pushes.at(-1)!;
    assert.match(first!.lines[0]!, /^org.apache.kafka.producer.record.send.total total\+ 1 0-/);
    assert.deepEqual(
      last.lines.map((line) => line.split(' ').slice(0, 3)),
      [['org.apache.kafka.producer.record.send.total', 'total+', '2']],
    );
  });

  test('include all where the broker wants all, and come uncompressed where it offers nothing that is known', async () => {
    await using stage = new TelemetryStage();
    stage.wanted = { requestedMetrics: ['*'], acceptedCompressionTypes: [99] };
    await stage.begin();
    await stage.advance(firstMs);
    const [{ lines, compressionType }] = stage.pushes as [(typeof stage.pushes)[number]];
    assert.equal(compressionType, 0);
    assert.ok(lines.some((line) => /^org.apache.kafka.admin.client.connection.count gauge 1 /.test(line)));
    assert.ok(lines.some((line) => /^org.apache.kafka.admin.client.node.request.total delta\+ /.test(line)));
  });

  test('are as many as the broker takes at once', async () => {
    await using stage = new TelemetryStage();
    stage.wanted = { requestedMetrics: ['*'], telemetryMaxBytes: 4096 + 1000, acceptedCompressionTypes: [] };
    await stage.begin();
    await stage.advance(firstMs);
    const { lines } = stage.pushes[0]!;
    assert.ok(lines.length > 3 && lines.length < 20, `${lines.length}`);
    const { metrics } = stage.broker.asked.findLast(({ name }) => name === 'pushTelemetry')!.request as {
      metrics: Buffer;
    };
    assert.ok(metrics.length <= 4096 + 1000);
  });
});

suite('a broker that wants nothing', () => {
  test('is asked again when its interval is over, and pushed nothing', async () => {
    await using stage = new TelemetryStage();
    stage.wanted = { requestedMetrics: [], pushIntervalMs: 0 };
    await stage.begin();
    await stage.advance(299_000);
    assert.deepEqual(stage.asked, [zeroUuid]);
    await stage.advance(1000);
    assert.deepEqual([stage.asked, stage.waitingCount], [[zeroUuid, instanceId], 1]);
    await stage.telemetry.close();
    assert.deepEqual([stage.pushes, stage.waitingCount], [[], 0]);
  });

  test('is not connected to only to be asked', async () => {
    await using stage = new TelemetryStage({ 'connections.max.idle.ms': 10_000 });
    stage.wanted = { requestedMetrics: [], pushIntervalMs: 60_000 };
    await stage.begin();
    await stage.advance(300_000);
    assert.deepEqual([stage.asked.length, stage.broker.connections.length, stage.broker.openCount], [1, 1, 0]);
    await stage.cluster.connect('any');
    await stage.advance(5000);
    assert.equal(stage.asked.length, 1);
  });

  test('because it does not know metrics of clients is left alone', async () => {
    await using stage = new TelemetryStage();
    stage.isOffered = false;
    await stage.begin();
    await stage.advance(1_000_000);
    assert.deepEqual([stage.asked, stage.pushes], [[], []]);
    assert.equal(stage.broker.connections.length, 1);
    await assert.rejects(stage.telemetry.clientInstanceId(), { code: 'UNSUPPORTED' });
  });

  test('is not asked by a client that does not want to tell', async () => {
    await using stage = new TelemetryStage({ 'enable.metrics.push': false });
    await stage.begin();
    await stage.advance(1_000_000);
    assert.deepEqual(stage.asked, []);
    await assert.rejects(stage.telemetry.clientInstanceId(), { code: 'STATE' });
  });
});

suite('a broker that refuses a push', () => {
  test('because it wants something else now is asked at once, once', async () => {
    await using stage = new TelemetryStage();
    await stage.begin();
    stage.verdicts.push(errors.UNKNOWN_SUBSCRIPTION_ID, errors.UNKNOWN_SUBSCRIPTION_ID);
    await stage.pushed(1);
    await stage.advance(1);
    assert.deepEqual(stage.asked, [zeroUuid, instanceId]);
    await stage.advance(intervalMs - 500);
    assert.equal(stage.asked.length, 2);
    await stage.advance(500);
    assert.deepEqual(stage.asked, [zeroUuid, instanceId, instanceId]);
  });

  test('because of its compression gets another', async () => {
    await using stage = new TelemetryStage();
    await stage.begin();
    stage.verdicts.push(errors.UNSUPPORTED_COMPRESSION_TYPE, errors.NONE, errors.UNSUPPORTED_COMPRESSION_TYPE);
    for (let step = 0; step < 10; step++) await stage.advance(intervalMs);
    assert.deepEqual([...new Set(stage.pushes.map(({ compressionType }) => compressionType))], [4, 1, 0]);
  });

  test('because it is too large, or too early, gets the same and more after the interval', async () => {
    for (const code of [errors.TELEMETRY_TOO_LARGE, errors.THROTTLING_QUOTA_EXCEEDED]) {
      await using stage = new TelemetryStage();
      stage.sent.record(1);
      await stage.begin();
      stage.verdicts.push(code);
      await stage.advance(firstMs);
      stage.sent.record(1);
      assert.deepEqual([stage.asked.length, stage.pushes.length], [1, 1]);
      await stage.advance(intervalMs);
      assert.equal(stage.asked.length, 2);
      await stage.advance(firstMs);
      const values = stage.pushes.slice(0, 2).map(({ lines }) => lines[0]!.split(' ')[2]);
      assert.deepEqual(values, ['1', '2']);
    }
  });

  test('because it is wrong is left alone for good', async () => {
    for (const code of [
      errors.INVALID_REQUEST,
      errors.INVALID_RECORD,
      errors.UNSUPPORTED_VERSION,
      errors.UNKNOWN_SERVER_ERROR,
    ]) {
      await using stage = new TelemetryStage();
      await stage.begin();
      stage.verdicts.push(code);
      await stage.advance(1_000_000);
      await stage.telemetry.close();
      assert.deepEqual([stage.asked.length, stage.pushes.length], [1, 1]);
    }
  });

  test('by ending the connection is asked again after the interval, with the same id', async () => {
    await using stage = new TelemetryStage();
    stage.sent.record(1);
    await stage.begin();
    stage.verdicts.push('close');
    await stage.advance(firstMs);
    await stage.cluster.connect('any');
    await stage.advance(intervalMs);
    await stage.advance(firstMs);
    assert.deepEqual(stage.asked, [zeroUuid, instanceId]);
    assert.deepEqual(
      stage.pushes.slice(0, 2).map(({ lines }) => lines[0]!.split(' ')[2]),
      ['1', '1'],
    );
  });

  test('or that gives no id is asked again when Kafka’s own interval is over', async () => {
    for (const verdict of [errors.THROTTLING_QUOTA_EXCEEDED, undefined]) {
      await using stage = new TelemetryStage();
      if (verdict === undefined) stage.wanted = { clientInstanceId: zeroUuid };
      else stage.verdicts.push(verdict);
      await stage.begin();
      await stage.advance(299_999);
      assert.equal(stage.asked.length, 1);
      await stage.advance(1);
      assert.deepEqual(stage.asked, [zeroUuid, zeroUuid]);
    }
  });
});

suite('a client that closes', () => {
  test('pushes once more, where metrics are wanted', async () => {
    await using stage = new TelemetryStage();
    await stage.begin();
    stage.sent.record(1);
    await stage.telemetry.close();
    assert.deepEqual(
      stage.pushes.map(({ terminating, lines }) => [terminating, lines.length]),
      [[true, 3]],
    );
    assert.equal(stage.telemetry.close(), undefined);
    await stage.advance(1_000_000);
    assert.equal(stage.pushes.length, 1);
  });

  test('waits for the answer to that, and to a push before it, but not for long', async () => {
    await using stage = new TelemetryStage();
    stage.verdicts.push(errors.NONE, 'silence');
    await stage.begin();
    await stage.advance(firstMs);
    assert.equal(stage.pushes.length, 1);
    let isClosed = false;
    const closed = stage.telemetry.close()!.then(() => (isClosed = true));
    await stage.advance(999);
    assert.equal(isClosed, false);
    await stage.advance(1);
    await closed;
    assert.equal(stage.pushes.length, 1);
  });

  test('and has no time for that does not push', async () => {
    await using stage = new TelemetryStage();
    await stage.begin();
    assert.equal(stage.telemetry.close(0), undefined);
    assert.deepEqual(stage.pushes, []);
  });
});

suite('the id of a client', () => {
  test('is asked for if need be, and stays', async () => {
    await using stage = new TelemetryStage();
    const both = [stage.telemetry.clientInstanceId(), stage.telemetry.clientInstanceId()];
    assert.deepEqual(await Promise.all(both), [instanceId, instanceId]);
    stage.wanted = { clientInstanceId: 'abcdefghijklmnopqrstuA' };
    assert.equal(await stage.telemetry.clientInstanceId(), instanceId);
    assert.equal(stage.asked.length, 1);
  });

  test('is waited for as long as the caller likes', async () => {
    await using stage = new TelemetryStage();
    stage.verdicts.push('silence');
    const late = assert.rejects(stage.telemetry.clientInstanceId({ timeoutMs: 50 }), { code: 'TIMEOUT' });
    const given = new AbortController();
    const aborted = assert.rejects(stage.telemetry.clientInstanceId({ signal: given.signal }), { code: 'ABORTED' });
    await stage.quiet();
    given.abort();
    await aborted;
    await stage.advance(50);
    await late;
    const closed = assert.rejects(stage.telemetry.clientInstanceId(), { code: 'CLOSED' });
    await stage.telemetry.close();
    await stage.cluster.close();
    await closed;
    await assert.rejects(stage.telemetry.clientInstanceId(), { code: 'CLOSED' });
  });
});
