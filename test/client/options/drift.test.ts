/**
 * Our clients' options against those of Java's: every one is in our tables, with its type and default, or has a reason why not. Needs Maven,
 * a JDK and the net (or a filled ~/.m2). When it fails after a new release of Kafka, its sentences are the work to do.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import type { KeyTable } from '@millrace/base';
import { clientOptions } from '@millrace/client';

import { clientsClassPath, kafkaVersion } from '../../protocol-drift/definitions.ts';

interface JavaOption {
  readonly client: string;
  readonly name: string;
  readonly type: string;
  /** Undefined where there is none. */
  readonly fallback: string | undefined;
}

const tables: ReadonlyMap<string, KeyTable> = new Map<string, KeyTable>([
  ['producer', clientOptions.producer],
  ['consumer', clientOptions.consumer],
  ['admin', clientOptions.admin],
]);

/** Where ours is another one on purpose: `client name`, or the name for all. */
const otherDefaults: ReadonlyMap<string, string> = new Map([
  ['batch.size', '131072'],
  ['linger.ms', '0'],
  ['metric.reporters', ''],
  ['ssl.keystore.type', 'PEM'],
  ['ssl.truststore.type', 'PEM'],
  ['partition.assignment.strategy', 'range,cooperative-sticky'],
]);
/** Nothing is done with it, and one table is for all. */
const unlikeProducer = 'producer receive.buffer.bytes';
/** Names that must be given, where Java's admin may do without. */
const mustBeGiven = 'admin bootstrap.servers';
/** In the table that all clients begin with; Java has them in most. */
const inOneTable: ReadonlySet<string> = new Set(['producer default.api.timeout.ms', 'admin client.rack']);

suite(`the options of clients and Apache Kafka ${kafkaVersion}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-options-'));
  let java: JavaOption[] = [];

  before(() => {
    const program = fileURLToPath(new URL('ClientKeys.java', import.meta.url));
    const printed = execFileSync('java', ['-cp', clientsClassPath(folder), program], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    java = printed.trim().split('\n').map(optionOf);
  });

  after(() => rmSync(folder, { recursive: true }));

  test('each is known here, or has a reason why not', () => {
    const left = java.filter(({ client, name }) => !Object.hasOwn(tables.get(client)!, name)).map(({ name }) => name);
    assert.deepEqual([...new Set(left)].toSorted(), [...clientOptions.leftOut.keys()].toSorted());
  });

  test('none of ours is unknown there', () => {
    const known = new Set(java.map(({ client, name }) => `${client} ${name}`));
    const own = [...tables].flatMap(([client, table]) => Object.keys(table).map((name) => `${client} ${name}`));
    assert.deepEqual(new Set(own.filter((name) => !known.has(name))), inOneTable);
  });

  test('types and defaults are the same, or others on purpose', () => {
    for (const { client, name, type, fallback } of java) {
      const key = tables.get(client)![name];
      if (key === undefined) continue;
      assert.equal(key.type, type, `the type of ${client} ${name}`);
      const full = `${client} ${name}`;
      if (full === unlikeProducer || full === mustBeGiven) continue;
      assert.equal(key.default ?? undefined, otherDefaults.get(name) ?? fallback, `the default of ${full}`);
    }
  });
});

function optionOf(line: string): JavaOption {
  const [client = '', name = '', type = '', value = ''] = line.split('\t');
  return { client, name, type: type.toLowerCase(), fallback: value === 'absent' ? undefined : value.slice(1) };
}
