// Apache Kafka's own performance tools, a second opinion: each run a JVM with Java's own choice of compiler.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ensureKafka, jvmArguments } from '../tools/reference/kafka-home.ts';

/** Runs a tool by its class in org.apache.kafka.tools, with arguments separated by spaces, and returns what it printed. */
export async function runJava(tool: 'ProducerPerformance' | 'ConsumerPerformance', args: string): Promise<string> {
  ensureKafka();
  const jvm = jvmArguments('tools', { heapMb: 512, serverFlags: true });
  const child = spawn('java', [...jvm, `org.apache.kafka.tools.${tool}`, ...args.split(' ')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  await once(child, 'close');
  process.off('exit', kill);
  if (child.exitCode !== 0) throw new Error(`${tool}: ${stderr.trim()}`);
  return stdout;
}
