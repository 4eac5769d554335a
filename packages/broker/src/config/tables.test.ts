import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { valueFault, type KeyTable } from '@millrace/base';
import { brokerKeys } from './broker-keys.ts';
import { clientMetricsKeys } from './client-metrics-keys.ts';
import { groupKeys } from './group-keys.ts';
import { topicKeys } from './topic-keys.ts';

const tables = new Map<string, KeyTable>([
  ['broker', brokerKeys],
  ['topic', topicKeys],
  ['group', groupKeys],
  ['client-metrics', clientMetricsKeys],
]);

/** What tools/golden-config/KafkaKeys.java printed of Apache Kafka 4.3.1. */
const theirs = readFileSync(new URL('testdata/kafka-keys.tsv', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => line.split('\t'));

for (const [kind, table] of tables) {
  suite(`${kind} keys`, () => {
    const rows = theirs.filter(([of]) => of === kind);

    test('are all of Kafka’s, and beside them only our own', () => {
      const own = Object.keys(table).filter((name) => table[name]!.own);
      assert.deepEqual(new Set(Object.keys(table)), new Set([...rows.map(([, name]) => name), ...own]));
      assert.deepEqual(
        own,
        kind === 'broker'
          ? [
              'log.durability',
              'admin.listener',
              'metrics.dialects',
              'cluster.id',
              'group.consumer.regex.refresh.interval.ms',
            ]
          : [],
      );
    });

    test('have Kafka’s type, default and importance', () => {
      for (const [, name = '', type, fallback, , importance] of rows) {
        const key = table[name]!;
        assert.deepEqual([name, key.type, String(key.default), key.importance], [name, type, fallback, importance]);
      }
    });

    test('have a sentence each, and a default that they take themselves', () => {
      for (const [name, key] of Object.entries(table)) {
        assert.match(key.doc, /^[A-Z].*\.$/, name);
        if (key.default !== null) assert.equal(valueFault(name, key, key.default), undefined);
      }
    });

    test('keep within Kafka’s ranges', () => {
      for (const [, name = '', , , range = ''] of rows) {
        const [, min, max] = /^\[(-?[\d.]+),\.\.\.(?:,(-?[\d.]+))?\]/.exec(range) ?? [];
        const key = table[name]!;
        if (min !== undefined) assert.equal(key.min, Number(min), name);
        if (max !== undefined) assert.equal(key.max, Number(max), name);
      }
    });
  });
}

test('a broker key may be changed by whom Kafka lets change it', () => {
  for (const [kind, name = '', , , , , mode] of theirs) {
    if (kind === 'broker') assert.equal((brokerKeys as KeyTable)[name]!.dynamic, mode, name);
  }
});

test('a topic or group key falls back on the broker keys that Kafka names, in that order', () => {
  for (const [kind = '', name = '', , , , , names = ''] of theirs) {
    if (kind !== 'topic' && kind !== 'group') continue;
    const synonyms = tables.get(kind)![name]!.synonyms;
    const expected = names.split(',').filter((text) => text !== '');
    assert.deepEqual(
      synonyms.map((synonym) => (kind === 'topic' ? `${synonym.name}*${synonym.factor}` : synonym.name)),
      expected,
      name,
    );
    for (const synonym of synonyms) assert.ok(synonym.name in brokerKeys);
  }
});

test('replicas that are held back are written as partition:broker', () => {
  const key = topicKeys['leader.replication.throttled.replicas'];
  for (const text of ['', '*', '0:1', '0:1,1:2']) assert.equal(valueFault('r', key, text), undefined);
  for (const text of ['0', '0:x', '0:1;1:2']) assert.match(valueFault('r', key, text) ?? '', /partition:broker/);
});

test('a share group begins to read where Kafka lets it', () => {
  const key = groupKeys['share.auto.offset.reset'];
  for (const text of ['latest', 'earliest', 'by_duration:PT1H']) assert.equal(valueFault('r', key, text), undefined);
  for (const text of ['none', 'by_duration:'])
    assert.match(valueFault('r', key, text) ?? '', /it must be latest, earliest/);
});
