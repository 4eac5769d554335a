// Apache Kafka's own Java clients, in a program with a part for each thing they do; see Program.java.

import { runProgram } from '../java-program.ts';
import type { Target } from '../target.ts';

export async function run({ bootstrap }: Target): Promise<string> {
  const only = process.env['COMPAT_PART'];
  return await runProgram('Program', [bootstrap, ...(only === undefined ? [] : [only])], { timeoutMs: 240_000 });
}
