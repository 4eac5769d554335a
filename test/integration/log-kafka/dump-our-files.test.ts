/** Files that our log wrote, under the eyes of Apache Kafka's own DumpLogSegments. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { nodeHost } from '@millrace/base';
import { defaultLogConfig, type Log, LogDirectory } from '@millrace/log';
import { encodeBatch, encodeEndMarker, type BatchInput, type RecordInput } from '@millrace/protocol';

import { ToolHost } from '../../../tools/reference/kafka-tool.ts';

const recordCount = 3000;
const beginMs = 1_700_000_000_000;
const tools = new ToolHost();
let path = '';
let folder = '';
/** What the log said before it was closed. */
let endOffset = 0;

before(async () => {
  path = mkdtempSync(join(tmpdir(), 'millrace-dump-'));
  const directory = LogDirectory.open(nodeHost(), path, { nodeId: 1 });
  const config = { ...defaultLogConfig, segmentBytes: 100_000, messageBytesMax: 50_000 };
  const log = directory.openLog('dumped', 0, 'AAAAAAAAAAAAAAAAAAAAAA', config);
  fill(log);
  endOffset = log.endOffset;
  folder = log.folder;
  await directory.close({ clean: true });
});

after(async () => {
  await tools.close();
  rmSync(path, { recursive: true, force: true });
});

/** Plain, compressed, idempotent and transactional batches; two epochs; times that mostly grow. */
function fill(log: Log): void {
  const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
  let sequence = 0;
  for (let number = 0; number < recordCount; number += 10) {
    const records: RecordInput[] = Array.from({ length: 10 }, (_, index) => ({
      key: Buffer.from(`key ${number + index}`),
      value: Buffer.from(`value ${number + index} `.padEnd(100 + ((number * 7) % 300), 'x')),
      headers: [{ key: 'number', value: Buffer.from(String(number + index)) }],
      timestamp: beginMs + number * 1000 - (number % 70) * 100 + index,
    }));
    const batch: BatchInput = { compression: codecs[(number / 10) % codecs.length]! };
    const isTransactional = number % 500 === 0;
    const origin = { leaderEpoch: number < recordCount / 2 ? 3 : 5 };
    if (isTransactional) {
      const producer = { producerId: 4001, producerEpoch: 2 };
      log.append(encodeBatch(records, { ...batch, ...producer, baseSequence: (number / 500) * 10, isTransactional }), {
        ...origin,
        origin: 'client',
      });
      const kind = number % 1000 === 0 ? 'abort' : 'commit';
      log.append(encodeEndMarker({ ...producer, kind, coordinatorEpoch: 7, timestamp: beginMs + number * 1000 }), {
        ...origin,
        origin: 'coordinator',
      });
    } else {
      log.append(encodeBatch(records, { ...batch, producerId: 4002, producerEpoch: 0, baseSequence: sequence }), {
        ...origin,
        origin: 'client',
      });
      sequence += 10;
    }
    if (number % 40 === 0) log.writeOut();
  }
  log.writeOut();
}

function files(kind: string): string {
  const names = readdirSync(folder).filter((name) => name.endsWith(kind));
  assert.ok(names.length > 0, `there are files ${kind}`);
  return names.map((name) => join(folder, name)).join(',');
}

async function dump(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await tools.run('kafka-dump-log', args);
  assert.equal(status, 0, stderr);
  assert.doesNotMatch(stdout, /mismatch|corrupt|Could not|not found|isvalid: false|Exception|is out of order/i);
  return stdout;
}

test('Kafka reads every record of our segments', async () => {
  const text = await dump('--deep-iteration', '--print-data-log', '--files', files('.log'));
  const values = [...text.matchAll(/ payload: value (\d+) x/g)].map((match) => Number(match[1]));
  assert.deepEqual(
    values,
    Array.from({ length: recordCount }, (_, number) => number),
  );
  assert.equal([...text.matchAll(/endTxnMarker: (COMMIT|ABORT)/g)].length, recordCount / 500);
  const last = [...text.matchAll(/lastOffset: (\d+)/g)].at(-1)?.[1];
  assert.equal(Number(last), endOffset - 1);
  assert.match(text, /partitionLeaderEpoch: 5/);
});

test('Kafka finds our offset indexes right', async () => {
  const text = await dump('--verify-index-only', '--files', files('.index'));
  assert.equal(
    [...text.matchAll(/^Dumping /gm)].length,
    readdirSync(folder).filter((name) => name.endsWith('.index')).length,
  );
  await dump('--index-sanity-check', '--files', files('.index'));
  assert.match(await dump('--files', files('.index')), /offset: \d+ position: \d+/);
});

test('Kafka finds our time indexes right', async () => {
  await dump('--verify-index-only', '--files', files('.timeindex'));
  const text = await dump('--index-sanity-check', '--files', files('.timeindex'));
  assert.match(text, /passed sanity check/);
  assert.match(await dump('--files', files('.timeindex')), /timestamp: \d+ offset: \d+/);
});

test('Kafka reads our index of aborted transactions', async () => {
  const text = await dump('--files', files('.txnindex'));
  const aborted = [
    ...text.matchAll(/version: 0 producerId: 4001 firstOffset: (\d+) lastOffset: (\d+) lastStableOffset: (\d+)/g),
  ];
  assert.equal(aborted.length, recordCount / 1000);
  for (const [, first, last, stable] of aborted) {
    assert.equal(Number(last), Number(first) + 10);
    assert.equal(Number(stable), Number(last) + 1);
  }
});

test('Kafka reads our snapshots of producers', async () => {
  const text = await dump('--files', files('.snapshot'));
  assert.match(text, /producerId: 4001 producerEpoch: 2 coordinatorEpoch: 7 /);
  const lastSequence = recordCount - 10 * (recordCount / 500) - 1;
  assert.match(
    text,
    new RegExp(`producerId: 4002 producerEpoch: 0 coordinatorEpoch: -1 .*lastSequence: ${lastSequence} `),
  );
});
