// Metrics that our clients push (KIP-714): to Millrace, which shows them, and beside those of Java's clients.
// Runs against: Millrace

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';

import { Consumer, Producer } from '@millrace/client';

import { doors, ourWork, TelemetryTarget, toldBy } from './telemetry/pushing-client.ts';

/** Of Java's clients that ours lack, or have otherwise; the reasons for most stand in docs/reference/client-metrics.md. */
const leftOut = [
  /^org\.apache\.kafka\.(app\.info|kafka\.count)\./,
  /\.(io|select|network\.io|application\.event|background\.event\.queue|unsent\.requests\.queue|bufferpool\.wait|txn)\./,
  /\.(application\.events\.expired\.count|time\.between\.network\.thread\.poll\.(avg|max)) /,
  /\.(commit\.sync|committed|flush|metadata\.wait)\.time\.ns\.total /,
  /\.successful\.authentication\.no\.reauth\.total /,
  // Every number of ours is a double.
  /\.preferred\.read\.replica /,
];
/** Means and extremes are not pushed where nothing was measured; Java pushes NaN. */
const canBeNothing = /\.(avg|max) gauge /;
/** Not Java's. */
const ours = [
  /^org\.apache\.kafka\.producer\.(batch\.latency\.ms\.(avg|max)|byte\.(rate|total)) /,
  /^org\.apache\.kafka\.consumer\.fetch\.manager\.buffered\.bytes /,
  // Of both protocols; Java's consumer has them in the classic one.
  /^org\.apache\.kafka\.consumer\.coordinator\.(join|sync)\.(rate|total|time\.avg|time\.max) /,
  // Java's producer and admin end before they say so.
  /^client says when it ends$/,
];

const javaLines = (door: string): string[] =>
  readFileSync(new URL('telemetry/java-push.tsv', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(`${door}\t`))
    .map((line) => line.slice(door.length + 1));

suite('what our clients push', () => {
  for (const door of doors)
    test(`as ${door} has the names, kinds, times and labels of what Java's pushes`, async () => {
      const told = await toldBy(ourWork[door]);
      const javas = javaLines(door);
      const lacking = javas.filter((line) => !told.includes(line) && !leftOut.some((pattern) => pattern.test(line)));
      assert.deepEqual(
        lacking.filter((line) => !canBeNothing.test(line)),
        [],
      );
      const more = told.filter((line) => !javas.includes(line) && ![...ours, ...leftOut].some((one) => one.test(line)));
      // Before it is a member of its group it has no id as one.
      assert.deepEqual(
        more.filter((line) => !line.startsWith('client client_rack,group_id')),
        [],
      );
    });

  test('adds up to what they did, on the /metrics of the broker', async () => {
    await using target = await TelemetryTarget.open();
    const { bootstrap, topic, broker } = target;
    const values = Array.from({ length: 300 }, (_, n) => ({ topic, value: `v${n}` }));
    const producer = new Producer({ 'bootstrap.servers': bootstrap, 'client.id': 'p' });
    const producerId = await producer.clientInstanceId();
    for (let round = 0; round < 4; round++) {
      await producer.send(values);
      const pushes = target.pushes.length;
      while (target.pushes.length === pushes) await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await producer.close();
    const consumer = new Consumer({
      'bootstrap.servers': bootstrap,
      'client.id': 'c',
      'group.id': 'g',
      'auto.offset.reset': 'earliest',
    });
    const consumerId = await consumer.clientInstanceId();
    consumer.subscribe([topic]);
    let count = 0;
    for await (const _ of consumer) if (++count === 1201) break;
    await consumer.close();
    assert.notEqual(producerId, consumerId);
    assert.equal(await consumer.clientInstanceId(), consumerId);
    const text = await (await fetch(`http://127.0.0.1:${broker.broker.adminPort}/metrics`)).text();
    const sent = `kafka_client_producer_record_send_total{client_id="p",client_instance_id="${producerId}"} 1200`;
    const sentTo = `kafka_client_producer_topic_record_send_total{client_id="p",client_instance_id="${producerId}",topic="${topic}"} 1200`;
    assert.ok(text.includes(sent) && text.includes(sentTo), text);
    assert.match(text, /^# TYPE kafka_client_producer_record_send_total counter$/m);
    assert.match(text, /^# TYPE kafka_client_producer_batch_size_avg gauge$/m);
    const consumed = [
      ...text.matchAll(/^kafka_client_consumer_fetch_manager_records_consumed_total\{((?!.*topic=).*)\} (\d+)$/gm),
    ];
    // What it told before it was a member stands apart.
    assert.equal(
      consumed.reduce((sum, [, , value]) => sum + Number(value), 0),
      1201,
    );
    assert.match(
      consumed.at(-1)?.[1] ?? '',
      /^client_id="c",client_instance_id=".*",group_id="g",group_member_id=".+"$/,
    );
    assert.equal(target.pushes.filter(({ terminating }) => terminating).length, 2);
  });
});
