// Apache Kafka by hand: `node tools/reference/main.ts start [--override key=value ...]` runs a node until Ctrl-C,
// `... cluster [BROKERS]` a cluster of 3 or as many, `... tool kafka-topics ARGS` runs one of its tools, `... archive` writes the class archives (done by install.sh).

import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { archivePath, install } from './kafka-home.ts';
import { startKafkaCluster } from './kafka-cluster.ts';
import { startKafka } from './kafka-node.ts';
import { runTool, ToolHost } from './kafka-tool.ts';

const [command = '', ...args] = process.argv.slice(2);
process.exitCode = await main();

async function main(): Promise<number> {
  switch (command) {
    case 'install':
      install(...args);
      return 0;
    case 'start':
      return await start();
    case 'cluster':
      return await cluster();
    case 'tool':
      return await tool();
    case 'archive':
      await writeArchives();
      return 0;
    default:
      console.error(
        'usage: main.ts install [PART ...] | start [--override key=value ...] | cluster [BROKERS] | tool NAME [ARG ...] | archive',
      );
      return 1;
  }
}

async function start(): Promise<number> {
  const pairs = args
    .filter((word) => word !== '--override')
    .map((pair) => /^([^=]+)=(.*)$/s.exec(pair)?.slice(1) ?? [pair, '']);
  const node = await startKafka({ properties: Object.fromEntries(pairs) });
  console.log(`Apache Kafka serves at ${node.bootstrap}, process ${node.pid}, data in ${node.logDir}`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await node.stop();
  return 0;
}

async function cluster(): Promise<number> {
  const started = await startKafkaCluster({ brokers: Number(args[0] ?? 3), heapMb: 320 });
  console.log(`Apache Kafka serves at ${started.bootstrap}`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await started.stop();
  return 0;
}

async function tool(): Promise<number> {
  const [name = '', ...rest] = args;
  const { status, stdout, stderr } = await runTool(name, rest, { timeoutMs: 600_000 });
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  return status ?? 1;
}

/** Runs a broker and the common tools once, so that their JVMs note which classes they loaded. */
async function writeArchives(): Promise<void> {
  process.env['MILLRACE_INSTALLING'] = 'yes';
  rmSync(archivePath('broker'), { force: true });
  rmSync(archivePath('tools'), { force: true });
  const node = await startKafka({ archive: true });
  const tools = new ToolHost({ archive: true });
  const at = ['--bootstrap-server', node.bootstrap];
  const topic = ['--topic', 'archive'];
  await tools.run('kafka-topics', [...at, '--create', ...topic, '--partitions', '3']);
  await tools.run('kafka-console-producer', [...at, ...topic], { stdin: 'one\ntwo\n' });
  await tools.run('kafka-console-consumer', [
    ...at,
    ...topic,
    '--from-beginning',
    '--max-messages',
    '2',
    '--group',
    'archive',
  ]);
  await tools.run('kafka-consumer-groups', [...at, '--describe', '--all-groups', '--verbose']);
  await tools.run('kafka-configs', [...at, '--describe', ...topic, '--all']);
  await tools.run('kafka-topics', [...at, '--describe']);
  await tools.run('kafka-storage', ['random-uuid']);
  await tools.run('kafka-get-offsets', at);
  await tools.close();
  await node.stop();
}
