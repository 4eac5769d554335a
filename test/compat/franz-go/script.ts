// franz-go, the Go client, and its admin package: one program that notes its steps on standard output.

import { join } from 'node:path';
import { cacheDir } from '../../../tools/reference/kafka-home.ts';
import { runCommand } from '../command.ts';
import type { Target } from '../target.ts';

export async function run({ bootstrap }: Target): Promise<string> {
  const { status, stdout, stderr } = await runCommand(join(cacheDir, 'franz-go'), [bootstrap], { timeoutMs: 180_000 });
  return status === 0 ? stdout : `${stdout}\n## the program ended early\nexit ${status}\n${stderr}`;
}
