// kafka-transactions: a transaction that has ended, one that is open, and what an operator may do about it.

import { setTimeout as sleep } from 'node:timers/promises';
import type { ToolSteps } from './tool-steps.ts';

const perfTest = ['--topic', 'paid', '--record-size', '10'];
const ofPartition = ['--topic', 'paid', '--partition', '0'];

export async function transactions(tools: ToolSteps): Promise<void> {
  const step = async (name: string, ...args: string[]) =>
    await tools.step(`transactions: ${name}`, 'kafka-transactions', args, { mask: maskTable });
  await step('list when there are none', 'list');
  await tools.createTopic('paid');
  await tools.quiet('kafka-producer-perf-test', [
    ...perfTest,
    '--num-records',
    '1',
    '--throughput',
    '-1',
    '--transactional-id',
    'finished',
    '--transaction-duration-ms',
    '10',
  ]);
  await sleep(500);
  await step('list', 'list');
  await step('describe one that has ended', 'describe', '--transactional-id', 'finished');
  await step('describe one that nobody knows', 'describe', '--transactional-id', 'absent');
  await step('producers of a partition', 'describe-producers', ...ofPartition);
  await withOpen(tools, step);
  await step('list at the end', 'list');
}

async function withOpen(tools: ToolSteps, step: (name: string, ...args: string[]) => Promise<string>): Promise<void> {
  const open = [
    ...perfTest,
    '--num-records',
    '1000',
    '--throughput',
    '2',
    '--transactional-id',
    'open',
    '--transaction-duration-ms',
    '55000',
  ];
  {
    await using _ = tools.background('kafka-producer-perf-test', open);
    for (let tries = 0; ; tries++) {
      if (tries > 100) throw new Error('the transaction was not begun in time');
      const listed = await tools.quiet('kafka-transactions', ['list']);
      if (/open\s.*Ongoing/.test(listed)) break;
      await sleep(200);
    }
    await step('list while one is open', 'list');
    await step('list those that take long', 'list', '--duration-filter', '3600000');
    await step('describe one that is open', 'describe', '--transactional-id', 'open');
    await step('producers while one is open', 'describe-producers', ...ofPartition);
    await step('find none that hang', 'find-hanging', '--broker-id', '1');
    await step('abort where none begins', 'abort', ...ofPartition, '--start-offset', '0');
    await step('abort', 'abort', ...ofPartition, '--start-offset', '2');
    await step('producers after the abort', 'describe-producers', ...ofPartition);
  }
  await step('terminate', 'forceTerminateTransaction', '--transactionalId', 'open');
  await sleep(500);
  await step('describe after the termination', 'describe', '--transactional-id', 'open');
}

const variable = /^(ProducerId|ProducerEpoch|LatestCoordinatorEpoch|LastSequence|LastTimestamp|.*TimeMs|.*DurationMs)$/;

/** A table without what differs from run to run; its lines in the order of their names. */
function maskTable(text: string): string {
  const [head = '', ...lines] = text.replaceAll(/adminclient-\d+/g, 'adminclient-N').split('\n');
  const names = head.trim().split(/\s+/);
  if (!names.includes('ProducerId')) return [head, ...lines].join('\n');
  const rows = lines
    .filter((line) => line.trim() !== '')
    .map((line) =>
      line
        .trim()
        .split(/\s+/)
        .map((cell, index) => (variable.test(names[index] ?? '') && /^\d+$/.test(cell) ? 'N' : cell))
        .join(' '),
    );
  return [names.join(' '), ...rows.sort()].join('\n');
}
