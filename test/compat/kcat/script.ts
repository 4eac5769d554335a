// kcat (librdkafka in C, the version Debian ships): what people type first against any broker.

import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand, type CommandOptions } from '../command.ts';
import type { Target } from '../target.ts';

const FORMAT = '%t/%p@%o key=%k headers=%h value=%s size=%S\\n';

export async function run(target: Target): Promise<string> {
  const kcat = new Kcat(target.bootstrap);
  await producing(kcat);
  await consuming(kcat);
  await describing(kcat);
  await offsets(kcat);
  await groups(kcat);
  return kcat.transcript();
}

class Kcat {
  readonly #steps: string[][] = [];
  readonly #bootstrap: string;

  constructor(bootstrap: string) {
    this.#bootstrap = bootstrap;
  }

  transcript(): string {
    return this.#steps.flat().join('\n');
  }

  /** Runs kcat and notes what came out under the name of the step. Steps that run at once are noted in the order of the calls. */
  async step(name: string, args: string[], options: CommandOptions & { sorted?: boolean } = {}): Promise<void> {
    const noted: string[] = [];
    this.#steps.push(noted);
    const consumes = args[0] === '-C' || args[0] === '-G';
    const waits = [
      '-X',
      'topic.metadata.refresh.fast.interval.ms=50',
      ...(consumes ? ['-X', 'fetch.wait.max.ms=50'] : []),
    ];
    const { status, stdout, stderr } = await runCommand('kcat', ['-b', this.#bootstrap, ...waits, ...args], {
      timeoutMs: 20_000,
      ...options,
    });
    const out = stdout.split('\n').filter((line) => line !== '');
    const err = stderr
      .split('\n')
      .filter((line) => line !== '' && !passing.test(line))
      .map(maskLog);
    noted.push(
      `## ${name}`,
      ...(options.sorted === true ? out.sort() : out),
      ...err.map((line) => `! ${line}`),
      `exit ${status}`,
      '',
    );
  }
}

/** librdkafka tells of a coordinator that is still being made, and tries again: true or not by the millisecond. */
const passing = /^%4\|[^|]*\|GETPID\|.*Coordinator load in progress: retrying$/;

/** The client hears of an illegal name before or after it has taken the message, by the millisecond. */
const refused =
  /^% (ERROR: Failed to produce message .*: Local: Unknown topic|Delivery failed for message: Broker: Invalid topic)$/;

/** librdkafka's log lines carry a time and thread names. */
function maskLog(line: string): string {
  return line
    .replace(/^%(\d)\|[\d.]+\|(\w+)\|[^|]*\| \[thrd:[^\]]*\]/, '%$1|$2')
    .replace(refused, '% refused: invalid or unknown topic')
    .replaceAll(/after \d+ms in state \w+/g, 'after MS');
}

async function producing(kcat: Kcat): Promise<void> {
  const stdin = 'k1:v1\nk2:v2\nk3:\n:v4\n';
  const byCodec = ['none', 'gzip', 'snappy', 'lz4', 'zstd'].map((codec) => {
    const compression = codec === 'none' ? [] : ['-z', codec];
    const args = [
      '-P',
      '-t',
      `codec-${codec}`,
      '-p',
      '0',
      '-K:',
      '-H',
      'one=1',
      '-H',
      'two=zwei',
      '-H',
      'empty',
      ...compression,
    ];
    return kcat.step(`produce with ${codec}`, args, { stdin });
  });
  await Promise.all(byCodec);
  await kcat.step('produce null for empty key and value', ['-P', '-t', 'nulls', '-p', '0', '-K:', '-Z'], {
    stdin: 'k1:\n:v2\nk3:v3\n',
  });
  const idempotent = ['-P', '-t', 'idempotent', '-p', '0', '-X', 'enable.idempotence=true'];
  await kcat.step('produce idempotently', idempotent, { stdin: 'a\nb\nc\n' });
  for (const acks of ['0', '1', 'all']) {
    await kcat.step(`produce with acks=${acks}`, ['-P', '-t', 'acks', '-p', '0', '-X', `acks=${acks}`], {
      stdin: `acks ${acks}\n`,
    });
  }
  await kcat.step(
    'produce to a partition that is not there',
    ['-P', '-t', 'acks', '-p', '9', '-X', 'message.timeout.ms=4000'],
    { stdin: 'x\n' },
  );
  await kcat.step(
    'produce a record over the limit of the broker',
    ['-P', '-t', 'acks', '-p', '0', '-X', 'message.max.bytes=4000000'],
    {
      stdin: `${'x'.repeat(1_500_000)}\n`,
    },
  );
  await kcat.step(
    'produce a record under the limit only when compressed',
    ['-P', '-t', 'acks', '-p', '0', '-z', 'zstd', '-X', 'message.max.bytes=4000000'],
    { stdin: `${'y'.repeat(1_500_000)}\n` },
  );
  await kcat.step(
    'produce to a name that is not legal',
    ['-P', '-t', 'not legal', '-p', '0', '-X', 'message.timeout.ms=3000'],
    { stdin: 'x\n' },
  );
}

async function consuming(kcat: Kcat): Promise<void> {
  for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
    await kcat.step(`consume ${codec}`, ['-C', '-t', `codec-${codec}`, '-e', '-q', '-f', FORMAT]);
  }
  await kcat.step('consume nulls as JSON', ['-C', '-t', 'nulls', '-e', '-q', '-J']);
  await kcat.step('consume idempotent records', ['-C', '-t', 'idempotent', '-e', '-q', '-f', FORMAT]);
  await kcat.step('consume what was acknowledged', ['-C', '-t', 'acks', '-e', '-q', '-f', '%o size=%S\\n']);
  await kcat.step('consume from offset 2', ['-C', '-t', 'codec-none', '-p', '0', '-o', '2', '-e', '-q', '-f', FORMAT]);
  await kcat.step('consume the last 2', ['-C', '-t', 'codec-gzip', '-p', '0', '-o', '-2', '-e', '-q', '-f', FORMAT]);
  await kcat.step('consume 2 from the beginning', [
    '-C',
    '-t',
    'codec-lz4',
    '-o',
    'beginning',
    '-c',
    '2',
    '-q',
    '-f',
    FORMAT,
  ]);
  await kcat.step('consume from the end', ['-C', '-t', 'codec-none', '-o', 'end', '-e', '-q', '-f', FORMAT]);
  await kcat.step('consume and report the end of partitions', ['-C', '-t', 'codec-none', '-e', '-f', FORMAT]);
  await kcat.step('consume from an offset beyond the end', [
    '-C',
    '-t',
    'codec-none',
    '-p',
    '0',
    '-o',
    '99',
    '-e',
    '-q',
    '-X',
    'auto.offset.reset=error',
  ]);
  await kcat.step('consume with reset to the beginning', [
    '-C',
    '-t',
    'codec-none',
    '-p',
    '0',
    '-o',
    '99',
    '-e',
    '-q',
    '-X',
    'auto.offset.reset=earliest',
    '-f',
    FORMAT,
  ]);
  await kcat.step('consume with checksums checked', [
    '-C',
    '-t',
    'codec-zstd',
    '-e',
    '-q',
    '-X',
    'check.crcs=true',
    '-f',
    FORMAT,
  ]);
  await kcat.step('consume a topic that is not there', ['-C', '-t', 'absent', '-e', '-q']);
}

async function describing(kcat: Kcat): Promise<void> {
  await kcat.step('metadata of all topics', ['-L'], { sorted: true });
  await kcat.step('metadata of one topic', ['-L', '-t', 'codec-none']);
  await kcat.step('metadata of one topic as JSON', ['-L', '-J', '-t', 'codec-none']);
  await kcat.step('metadata of a topic that is not there', ['-L', '-t', 'absent']);
}

async function offsets(kcat: Kcat): Promise<void> {
  await kcat.step('produce before a point in time', ['-P', '-t', 'times', '-p', '0'], { stdin: 'a\nb\n' });
  await sleep(20);
  const between = Date.now();
  await sleep(20);
  await kcat.step('produce after a point in time', ['-P', '-t', 'times', '-p', '0'], { stdin: 'c\nd\n' });
  await kcat.step('query the beginning', ['-Q', '-t', 'times:0:-2']);
  await kcat.step('query the end', ['-Q', '-t', 'times:0:-1']);
  await kcat.step('query a point in time', ['-Q', '-t', `times:0:${between}`]);
  await kcat.step('query a time before all', ['-Q', '-t', 'times:0:1000']);
  await kcat.step('query a time after all', ['-Q', '-t', `times:0:${between + 3_600_000}`]);
  await kcat.step('query a partition that is not there', ['-Q', '-t', 'times:7:-1']);
  await kcat.step('consume from a point in time', [
    '-C',
    '-t',
    'times',
    '-p',
    '0',
    '-o',
    `s@${between}`,
    '-e',
    '-q',
    '-f',
    '%o %s\\n',
  ]);
  await kcat.step('consume up to a point in time', [
    '-C',
    '-t',
    'times',
    '-p',
    '0',
    '-o',
    `e@${between}`,
    '-e',
    '-q',
    '-f',
    '%o %s\\n',
  ]);
}

async function groups(kcat: Kcat): Promise<void> {
  const group = ['-G', 'readers', '-X', 'auto.offset.reset=earliest', '-e', '-q', '-f', FORMAT, 'codec-none', 'times'];
  await kcat.step('consume in a group', group, { sorted: true });
  await kcat.step('consume in the group when nothing is new', group);
  await kcat.step('produce one more', ['-P', '-t', 'times', '-p', '0'], { stdin: 'e\n' });
  await kcat.step('consume in the group what is new', group);
}
