// What is in the logs: kafka-get-offsets, kafka-delete-records, kafka-log-dirs, and kafka-dump-log on the server's own files.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SHORT_WAIT } from './console.ts';
import type { StepOptions, ToolSteps } from './tool-steps.ts';

export async function logs(tools: ToolSteps): Promise<void> {
  await fill(tools);
  await gettingOffsets(tools);
  await deletingRecords(tools);
  await describingDirs(tools);
  await dumping(tools);
  await dumpingOffsets(tools);
}

async function fill(tools: ToolSteps): Promise<void> {
  await tools.createTopic('measured', '--partitions', '3');
  await tools.createTopic('empty');
  for (const stdin of ['a\nb\n', 'latest of all\n']) {
    await tools.quiet('kafka-console-producer', ['--topic', 'moments', '--timeout', '5'], { stdin });
    await sleep(20);
  }
  for (const partition of [0, 1]) {
    const lines = Array.from({ length: 5 + partition }, (_, i) => `k${i}:v${i}\n`).join('');
    await tools.quiet(
      'kafka-console-producer',
      [
        '--topic',
        'measured',
        '--timeout',
        '5',
        '--reader-property',
        'parse.key=true',
        '--reader-property',
        'key.separator=:',
        '--command-property',
        `partitioner.class=org.apache.kafka.clients.producer.RoundRobinPartitioner`,
      ],
      { stdin: lines },
    );
  }
}

async function gettingOffsets(tools: ToolSteps): Promise<void> {
  const step = async (name: string, ...args: string[]) =>
    await tools.step(`get-offsets: ${name}`, 'kafka-get-offsets', args, { sorted: true });
  const measured = ['--topic', 'measured'];
  await step('latest', ...measured);
  for (const time of [
    'latest',
    'earliest',
    'earliest-local',
    'latest-tiered',
    'earliest-pending-upload',
    '-1',
    '-2',
    '-4',
    '-5',
    '-6',
  ]) {
    await step(`at ${time}`, ...measured, '--time', time);
  }
  await step('at a time before all', ...measured, '--time', '1000');
  await step('at a time to come', ...measured, '--time', '4000000000000');
  await step('at a time that is none', ...measured, '--time', 'soon');
  await step('at a number that stands for nothing', ...measured, '--time', '-9');
  await step('of some partitions', ...measured, '--partitions', '0,2');
  await step('of topics and partitions', '--topic-partitions', 'measured:1-2,empty:0');
  await step('of topics by pattern', '--topic', 'meas.*|empty');
  for (const time of ['max-timestamp', '-3']) await step(`at ${time}`, '--topic', 'moments', '--time', time);
  await step('of an empty topic at max-timestamp', '--topic', 'empty', '--time', 'max-timestamp');
  await step('without internal topics', '--topic', 'empty', '--exclude-internal-topics');
  await step('of a topic that is not there', '--topic', 'absent');
  await step('of a partition that is not there', ...measured, '--partitions', '9');
}

async function deletingRecords(tools: ToolSteps): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'delete-'));
  const remove = async (name: string, ...partitions: [string, number, number][]) => {
    const file = join(dir, 'offsets.json');
    writeFileSync(
      file,
      JSON.stringify({
        version: 1,
        partitions: partitions.map(([topic, partition, offset]) => ({ topic, partition, offset })),
      }),
    );
    await tools.step(
      `delete-records: ${name}`,
      'kafka-delete-records',
      ['--offset-json-file', file, '--command-config', impatient],
      {
        sorted: true,
        mask: (text) =>
          text.replaceAll(/adminclient-\d+/g, 'adminclient-N').replaceAll(/(TimeoutException): .*/g, '$1'),
      },
    );
  };
  const impatient = join(dir, 'client.properties');
  writeFileSync(impatient, 'request.timeout.ms=500\ndefault.api.timeout.ms=800\n');
  try {
    await remove('up to an offset', ['measured', 0, 2]);
    await tools.step('delete-records: earliest after deleting', 'kafka-get-offsets', [
      '--topic',
      'measured',
      '--time',
      'earliest',
    ]);
    await remove('up to an offset that is gone', ['measured', 0, 1]);
    await remove('of several partitions', ['measured', 0, 3], ['measured', 1, -1]);
    await remove('beyond the end', ['measured', 2, 99]);
    await remove('of a partition that is not there', ['measured', 9, 0]);
    await remove('of a topic that is not there', ['absent', 0, 0]);
    await tools.step('delete-records: earliest at the end', 'kafka-get-offsets', [
      '--topic',
      'measured',
      '--time',
      'earliest',
    ]);
    await tools.createTopic('only-compacted', '--config', 'cleanup.policy=compact');
    await remove('of a compacted topic', ['only-compacted', 0, 0]);
    const consume = ['--topic', 'measured', '--from-beginning', '--timeout-ms', '500', ...SHORT_WAIT];
    await tools.step('delete-records: consume what is left', 'kafka-console-consumer', consume, { sorted: true });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function describingDirs(tools: ToolSteps): Promise<void> {
  const step = async (name: string, ...args: string[]) =>
    await tools.step(`log-dirs: ${name}`, 'kafka-log-dirs', ['--describe', ...args], { mask: sortPartitions });
  await step('of some topics', '--topic-list', 'measured,empty');
  await step('of a broker', '--broker-list', '1', '--topic-list', 'measured');
  await step('of a topic that is not there', '--topic-list', 'absent');
  await step('of a broker that is not there', '--broker-list', '9');
}

/** The partitions of a directory come in the order of a hash map. */
function sortPartitions(text: string): string {
  return text.replaceAll(
    /"partitions":\[(.*?)\]/g,
    (_, list: string) =>
      `"partitions":[\n${list
        .split('},{')
        .map((one) => one.replace(/^\{|\}$/g, ''))
        .sort()
        .join('\n')}\n]`,
  );
}

/** Kafka's own reader of segment files is the judge of what the server wrote. */
async function dumping(tools: ToolSteps): Promise<void> {
  await tools.createTopic('dumped', '--config', 'segment.bytes=1048576');
  const produce = async (args: string[], stdin: string) =>
    await tools.quiet('kafka-console-producer', ['--topic', 'dumped', '--timeout', '5', ...args], { stdin });
  for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
    await produce(
      ['--compression-codec', codec, '--reader-property', 'parse.key=true', '--reader-property', 'parse.headers=true'],
      `h:${codec}\tkey\tvalue by ${codec}\n`,
    );
  }
  await produce(['--command-property', 'enable.idempotence=false'], 'without a producer id\n');
  const onePerBatch = [
    '--topic',
    'dumped',
    '--num-records',
    '1100',
    '--record-size',
    '1000',
    '--throughput',
    '-1',
    '--command-property',
    'batch.size=0',
    'linger.ms=0',
  ];
  await tools.quiet('kafka-producer-perf-test', onePerBatch);
  const dir = join(tools.target.logDir, 'dumped-0');
  tools.note('dump-log: files of a partition', readdirSync(dir).sort());
  const dump = async (name: string, file: string, args: string[], mask: StepOptions['mask'] = maskDump) =>
    await tools.local(`dump-log: ${name}`, 'kafka-dump-log', ['--files', join(dir, file), ...args], { mask });
  const first = '00000000000000000000';
  await dump('segment', `${first}.log`, ['--max-bytes', '4000']);
  await dump('segment with records', `${first}.log`, ['--print-data-log', '--max-bytes', '1200']);
  await dump('segment, deep iteration', `${first}.log`, ['--deep-iteration', '--max-bytes', '1200']);
  await dump('segment without the parts of records', `${first}.log`, [
    '--print-data-log',
    '--skip-record-metadata',
    '--max-bytes',
    '1200',
  ]);
  await dump(
    'whole segment, deep iteration, counted',
    `${first}.log`,
    ['--deep-iteration', '--print-data-log'],
    countBatches,
  );
  await dump('offset index', `${first}.index`, [], (text) => text.split('\n').slice(0, 12).join('\n'));
  for (const index of ['index', 'timeindex']) {
    await dump(`${index}, sanity`, `${first}.${index}`, ['--index-sanity-check']);
    await dump(`${index} against the segment`, `${first}.${index}`, ['--verify-index-only']);
  }
  const second =
    readdirSync(dir)
      .filter((name) => name.endsWith('.log'))
      .sort()[1]
      ?.replace('.log', '') ?? 'no second segment';
  await dump('second segment', `${second}.log`, [], countBatches);
  await dump('producers at the start of the second segment', `${second}.snapshot`, []);
}

/** Offsets and group metadata as the coordinator wrote them to its log. */
async function dumpingOffsets(tools: ToolSteps): Promise<void> {
  const group = 'dumped-group';
  const reset = ['--reset-offsets', '--group', group, '--topic', 'measured', '--to-latest', '--execute'];
  await tools.quiet('kafka-consumer-groups', reset);
  await tools.quiet('kafka-console-consumer', [
    '--topic',
    'dumped',
    '--group',
    group,
    '--from-beginning',
    '--max-messages',
    '3',
    ...SHORT_WAIT,
  ]);
  const file = join(tools.target.logDir, `__consumer_offsets-${partitionOf(group)}`, '00000000000000000000.log');
  await tools.local(
    'dump-log: offsets of a group',
    'kafka-dump-log',
    ['--files', file, '--offsets-decoder', '--skip-record-metadata'],
    {
      mask: (text) =>
        text
          .split('\n')
          .filter((line) => line.includes(group))
          .join('\n')
          .replaceAll(/("?\w*[tT]imestamp"?):\d+/g, '$1:TIME')
          .replaceAll(/"topicId":"[\w-]{22}"/g, '"topicId":"ID"'),
    },
  );
}

/** The partition of the offsets topic that holds a group: the absolute value of Java's hash of its name, modulo 50. */
function partitionOf(group: string): number {
  let hash = 0;
  for (const character of group) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) | 0;
  return Math.abs(hash) % 50;
}

function countBatches(text: string): string {
  const lines = text.split('\n');
  const batches = lines.filter((line) => line.startsWith('baseOffset'));
  const records = lines.filter((line) => line.startsWith('| offset'));
  const valid = batches.filter((line) => line.includes('isvalid: true'));
  return [...lines.slice(0, 2), `batches ${batches.length}, valid ${valid.length}, records ${records.length}`].join(
    '\n',
  );
}

/** Producer ids count from zero; times, what depends on them, and random payloads go. */
function maskDump(text: string): string {
  const producers: string[] = [];
  return text
    .replaceAll(/producerId: (\d+)/g, (_, id: string) => {
      if (!producers.includes(id)) producers.push(id);
      return `producerId: P${producers.indexOf(id)}`;
    })
    .replaceAll(/crc: \d+/g, 'crc: CRC')
    .replaceAll(/(CreateTime|\w*[tT]imestamp): \d+/g, '$1: TIME')
    .replaceAll(/payload: [A-Z]{1000}/g, 'payload: RANDOM');
}
