// Runs the Java programs of this folder, compiled by tools/reference/install.sh, with the jars of Apache Kafka.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, jvmArguments, KAFKA_VERSION } from '../../tools/reference/kafka-home.ts';
import { runCommand, type CommandOptions } from './command.ts';

/** The arguments of `java` up to the main class, the last of which is the class path: Apache Kafka's own jars, then Streams, the file connectors and our programs. */
export function programArguments(): string[] {
  const home = join(cacheDir, `programs-${KAFKA_VERSION}`);
  const jars = readdirSync(home).filter((file) => file.endsWith('.jar'));
  const args = jvmArguments('tools', { heapMb: 256 });
  const classPath = [args.at(-1), ...jars.sort().map((jar) => join(home, jar))].join(':');
  return [...args.slice(0, -1), classPath];
}

/** Gives what the program said on standard output, and what it said beside it when it failed. */
export async function runProgram(mainClass: string, args: string[], options: CommandOptions): Promise<string> {
  const { status, stdout, stderr } = await runCommand('java', [...programArguments(), mainClass, ...args], options);
  if (process.env['COMPAT_VERBOSE'] === '1') console.error(stderr);
  return status === 0 ? stdout : `${stdout}\n## the program ended early\nexit ${status}\n${stderr}`;
}
