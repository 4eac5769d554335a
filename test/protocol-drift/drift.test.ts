/**
 * Our tables against Kafka's own definitions, field by field, and our errors against Kafka's. Needs Maven, a JDK and the net (or a filled
 * ~/.m2): `node --test test/protocol-drift/*.test.ts`. When it fails after a new release of Kafka, its sentences are the work to do.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import {
  allMessages,
  apis,
  errorKind,
  errorName,
  groupRecords,
  metadataRecords,
  shareSnapshotRecord,
  shareUpdateRecord,
  transactionLogRecord,
} from '@millrace/protocol';

import { differences } from './compare.ts';
import {
  clientsClassPath,
  kafkaVersion,
  loadDefinitions,
  type Definition,
  type FieldDefinition,
} from './definitions.ts';

suite(`the tables and Apache Kafka ${kafkaVersion}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-drift-'));
  const messages = allMessages();
  let definitions: Definition[] = [];
  let live: Definition[] = [];

  before(() => {
    definitions = loadDefinitions(folder);
    live = definitions.filter(({ validVersions }) => validVersions !== 'none');
  });

  after(() => rmSync(folder, { recursive: true }));

  test('name the same messages', () => {
    assert.deepEqual([...messages.keys()].toSorted(), live.map(({ name }) => name).toSorted());
  });

  test('leave out the retired APIs, which are keys 4 to 7', () => {
    const retired = definitions.filter(({ validVersions }) => validVersions === 'none').map(({ apiKey }) => apiKey);
    assert.deepEqual(new Set(retired), new Set([4, 5, 6, 7]));
  });

  test('agree on every field: name, order, type, versions, null, default, tag', () => {
    const found = live.flatMap((definition) => {
      const message = messages.get(definition.name);
      return message === undefined ? [] : differences(definition, message);
    });
    assert.deepEqual(found, []);
  });

  test('would not agree if anything had changed', () => {
    const definition = live.find(({ name }) => name === 'HeartbeatRequest')!;
    const message = messages.get('HeartbeatRequest')!;
    const changes: readonly Partial<FieldDefinition>[] = [
      { name: 'Renamed' },
      { type: 'int64' },
      { versions: '1+' },
      { nullableVersions: '2+' },
      { default: '7' },
      { tag: 0, taggedVersions: '4+' },
      { flexibleVersions: 'none' },
      JSON.parse('{ "unheardOf": true }') as Partial<FieldDefinition>,
    ];
    for (const change of changes) {
      const fields = definition.fields.map((field) =>
        field.name === 'GenerationId' ? { ...field, ...change } : field,
      );
      assert.notDeepEqual(differences({ ...definition, fields }, message), [], JSON.stringify(change));
    }
    assert.notDeepEqual(differences({ ...definition, validVersions: '0-5' }, message), []);
    assert.notDeepEqual(differences({ ...definition, flexibleVersions: '3+' }, message), []);
    assert.notDeepEqual(differences({ ...definition, fields: definition.fields.toReversed() }, message), []);
    assert.deepEqual(differences(definition, message), []);
  });

  test('agree on the APIs: key, listeners, unstable versions', () => {
    const requests = live.filter(({ type }) => type === 'request');
    const kafka = requests.map((definition) => ({
      key: definition.apiKey,
      name: definition.name.replace(/Request$/, ''),
      listeners: definition.listeners?.toSorted(),
      isUnstable: definition.latestVersionUnstable ?? false,
    }));
    const ours = Object.values(apis).map((api) => ({
      key: api.key,
      name: api.name as string,
      listeners: [...api.listeners].toSorted(),
      isUnstable: api.latestVersionUnstable,
    }));
    assert.deepEqual(
      ours,
      kafka.toSorted((left, right) => left.key! - right.key!),
    );
  });

  test('agree on the numbers of stored records', () => {
    const numbers = new Map(live.map(({ name, apiKey }) => [name, apiKey]));
    for (const { id, name } of Object.values(metadataRecords)) assert.equal(id, numbers.get(name), name);
    const coordinators = [...Object.values(groupRecords), transactionLogRecord, shareSnapshotRecord, shareUpdateRecord];
    for (const { type, name } of coordinators) {
      assert.equal(type, numbers.get(`${name}Key`), name);
      assert.equal(type, numbers.get(`${name}Value`), name);
    }
  });

  test('agree on the errors: name, code, and whether they may pass', () => {
    const program = fileURLToPath(new URL('ErrorTable.java', import.meta.url));
    const printed = execFileSync('java', ['-cp', clientsClassPath(folder), program], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const kafka = printed.trim().split('\n');
    const ours = kafka.map((line) => {
      const code = Number(line.split(' ')[1]);
      return `${errorName(code)} ${code} ${errorKind(code)}`;
    });
    assert.deepEqual(ours, kafka);
    assert.equal(kafka.length, 138);
  });
});
