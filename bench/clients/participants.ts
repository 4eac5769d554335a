/** Who takes part: each client in a process of its own, started for one measurement. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { drive, type DriverFlags } from '../driver.ts';
import type { Figures } from '../figures.ts';
import { runJava } from '../java-perf.ts';
import type { Broker } from '../sides/broker.ts';
import type { Load } from './load.ts';

export interface Participant {
  /** As it stands in tables: the client, and after a space which of its doors. */
  name: string;
  /** Whether it runs on Node: the others are left out of smoke runs. */
  runtime: 'node' | 'jvm' | 'go';
  run(load: Load, broker: Broker): Promise<Figures>;
}

/** What batches of clients with an accumulator are made of, so that all have the same. */
const batching = { bytes: 16_384, lingerMs: 5 };
const patienceMs = 180_000;

function program(name: string, file: string, extra: Partial<Load> = {}): Participant {
  return { name, runtime: 'node', run: async (load) => runProgram(file, { ...load, ...extra }) };
}

async function runProgram(file: string, load: Load): Promise<Figures> {
  const path = join(import.meta.dirname, 'programs', `${file}.ts`);
  const args = ['--disable-warning=TimeoutNegativeWarning', path, JSON.stringify(load)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const timer = setTimeout(kill, patienceMs);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  await once(child, 'close');
  clearTimeout(timer);
  process.off('exit', kill);
  if (child.exitCode !== 0) throw new Error(`${file} ended with ${child.exitCode ?? child.signalCode}: ${stderr}`);
  const figures: Figures = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  return figures;
}

/** The tool must have millions of records, or the time that its JVM needs to become fast is what is measured. */
const javaProducer: Participant = {
  name: 'Java',
  runtime: 'jvm',
  run: async ({ bootstrap, topic, acks, size }) => {
    const [warmup, records] = size <= 100 ? [2_000_000, 4_000_000] : [500_000, 1_500_000];
    const settings = `acks=${acks} batch.size=${batching.bytes} linger.ms=${batching.lingerMs}`;
    const work = `--num-records ${warmup + records} --warmup-records ${warmup} --record-size ${size} --throughput -1`;
    const printed = await runJava(
      'ProducerPerformance',
      `--bootstrap-server ${bootstrap} --topic ${topic} ${work} --command-property ${settings}`,
    );
    // The last summary is the one without the warm-up.
    const rate = Number([...printed.matchAll(/, ([\d.]+) records\/sec/g)].at(-1)?.[1]);
    return { records, bytes: records * size, ...rates(rate, size) };
  },
};

const javaConsumer: Participant = {
  name: 'Java',
  runtime: 'jvm',
  run: async ({ bootstrap, topic, size, recordsMax }) => {
    const printed = await runJava(
      'ConsumerPerformance',
      `--bootstrap-server ${bootstrap} --topic ${topic} --num-records ${recordsMax}`,
    );
    // start, end, MB, MB/s, records, records/s, rebalance ms, fetch ms, fetch MB/s, fetch records/s
    const columns = (printed.trim().split('\n').at(-1) ?? '').split(', ');
    return { records: recordsMax, bytes: recordsMax * size, ...rates(Number(columns[9]), size) };
  },
};

const franzProducer: Participant = {
  name: 'franz-go',
  runtime: 'go',
  run: async ({ topic, acks, size, recordsMax, warmupMs, measuredMs }, broker) => {
    const flags: DriverFlags = {
      topic,
      acks,
      size,
      idempotent: acks === -1,
      records: recordsMax,
      'batch-bytes': batching.bytes,
      linger: `${batching.lingerMs}ms`,
      time: `${warmupMs + measuredMs}ms`,
    };
    return driven(await drive('produce', broker, flags));
  },
};

const franzConsumer: Participant = {
  name: 'franz-go',
  runtime: 'go',
  run: async ({ topic, recordsMax }, broker) => driven(await drive('fetch', broker, { topic, records: recordsMax })),
};

function driven({ records = 0, bytes = 0, seconds = 0, driverCpuSeconds = 0, ...rest }: Figures): Figures {
  const cpu = { cpuMs: driverCpuSeconds * 1000, cpuMicrosecondsPerRecord: (driverCpuSeconds * 1e6) / records };
  return { ...rest, records, bytes, ms: seconds * 1000, ...cpu, ...rates(records / seconds, bytes / records) };
}

function rates(recordsPerSecond: number, size: number): Figures {
  return { recordsPerSecond, megabytesPerSecond: (recordsPerSecond * size) / 1e6 };
}

export const senders: Participant[] = [
  program('kafkajs', 'kafkajs-produce'),
  program('@platformatic/kafka', 'platformatic-produce'),
  program('millrace', 'millrace-produce'),
];

/** As large as Java's and franz-go's are here. */
const small = { batchBytes: 16_384 };

export const batchSenders: Participant[] = [
  ...senders,
  program('millrace 16 KiB', 'millrace-produce', small),
  javaProducer,
  franzProducer,
];

export const readers: Participant[] = [
  program('kafkajs eachMessage', 'kafkajs-consume', { way: 'eachMessage' }),
  program('kafkajs eachBatch', 'kafkajs-consume', { way: 'eachBatch' }),
  program('@platformatic/kafka data', 'platformatic-consume', { way: 'data' }),
  program('@platformatic/kafka for await', 'platformatic-consume', { way: 'for await' }),
  javaConsumer,
  franzConsumer,
  program('millrace batches()', 'millrace-consume', { way: 'batches' }),
  program('millrace eachRecord', 'millrace-consume', { way: 'eachRecord' }),
  program('millrace for await', 'millrace-consume', { way: 'for await' }),
];

export const idlers: Participant[] = [
  program('kafkajs', 'kafkajs-idle'),
  program('@platformatic/kafka', 'platformatic-idle'),
  program('millrace', 'millrace-idle'),
];

/** The same programs, with another module in the place of kafkajs. */
const door = { module: '@millrace/kafkajs' };

export const doorSenders: Participant[] = [
  program('kafkajs', 'kafkajs-produce'),
  program('door', 'kafkajs-produce', door),
];

export const doorReaders: Participant[] = [
  program('kafkajs', 'kafkajs-consume', { way: 'eachMessage' }),
  program('door', 'kafkajs-consume', { way: 'eachMessage', ...door }),
];
