// kafka-leader-election: of one partition, of a list, of all, and what it says where none is needed.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ToolSteps } from './tool-steps.ts';

export async function elections(tools: ToolSteps): Promise<void> {
  const elect = async (name: string, ...args: string[]) =>
    await tools.step(`election: ${name}`, 'kafka-leader-election', args);
  await tools.createTopic('elected', '--partitions', '2');
  const preferred = ['--election-type', 'preferred'];
  const unclean = ['--election-type', 'unclean'];
  const one = ['--topic', 'elected', '--partition', '0'];
  await elect('preferred, of a partition', ...preferred, ...one);
  await elect('unclean, of a partition', ...unclean, ...one);
  await elect('preferred, of all', ...preferred, '--all-topic-partitions');
  await elect('unclean, of all', ...unclean, '--all-topic-partitions');
  await elect('of a topic that is not there', ...preferred, '--topic', 'absent', '--partition', '0');
  await elect('of a partition that is not there', ...preferred, '--topic', 'elected', '--partition', '9');
  await elect('of a kind that nobody knows', '--election-type', 'free', ...one);
  const dir = mkdtempSync(join(tmpdir(), 'election-'));
  try {
    const file = join(dir, 'partitions.json');
    const partitions = [0, 1].map((partition) => ({ topic: 'elected', partition }));
    writeFileSync(file, JSON.stringify({ partitions }));
    await elect('of a list', ...preferred, '--path-to-json-file', file);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
