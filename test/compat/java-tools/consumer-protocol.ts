// kafka-consumer-groups on a group of the consumer protocol (KIP-848): while it has a member, and when that is gone.

import { setTimeout as sleep } from 'node:timers/promises';
import { SHORT_WAIT } from './console.ts';
import type { ToolSteps } from './tool-steps.ts';

const group = ['--group', 'modern'];

export async function consumerProtocol(tools: ToolSteps): Promise<void> {
  const step = async (name: string, ...args: string[]) =>
    await tools.step(`consumer protocol: ${name}`, 'kafka-consumer-groups', args, { mask: maskMembers, sorted: true });
  await tools.createTopic('streamed', '--partitions', '2');
  const keyed = ['--reader-property', 'parse.key=true', '--reader-property', 'key.separator=:'];
  await tools.quiet('kafka-console-producer', ['--topic', 'streamed', ...keyed], { stdin: 'a:1\nb:2\nc:3\nd:4\n' });
  const consumer = ['--topic', 'streamed', ...group, '--from-beginning', ...SHORT_WAIT];
  const modern = ['--command-property', 'group.protocol=consumer', '--command-property', 'auto.commit.interval.ms=100'];
  const describe = ['--describe', ...group];
  {
    await using _ = tools.background('kafka-console-consumer', [...consumer, ...modern]);
    await until(async () => {
      const described = await tools.quiet('kafka-consumer-groups', describe);
      return described.split('\n').filter((line) => /streamed\s+\d\s+\d+\s+\d+\s+0\s+\S{10,}/.test(line)).length === 2;
    });
    await step('list', '--list', '--state', 'stable', '--type', 'consumer');
    await step('describe', ...describe);
    await step('describe, verbose', ...describe, '--verbose');
    await step('members', ...describe, '--members');
    await step('members, verbose', ...describe, '--members', '--verbose');
    await step('state', ...describe, '--state');
    await step('state, verbose', ...describe, '--state', '--verbose');
    const reset = ['--reset-offsets', ...group, '--topic', 'streamed', '--to-earliest', '--execute'];
    await step('reset while there is a member', ...reset);
    await step('delete while there is a member', '--delete', ...group);
  }
  await until(async () => /Empty/.test(await tools.quiet('kafka-consumer-groups', [...describe, '--state'])));
  await step('state when it is empty', ...describe, '--state');
  await step('describe when it is empty', ...describe);
  await step('members when it is empty', ...describe, '--members');
  await step(
    'reset when it is empty',
    '--reset-offsets',
    ...group,
    '--topic',
    'streamed',
    '--to-earliest',
    '--execute',
  );
  await step('delete', '--delete', ...group);
  await step('describe when it is gone', ...describe);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 150; tries++) {
    if (await holds()) return;
    await sleep(100);
  }
  throw new Error('the group did not get there in time');
}

/** Ids of members are made up; columns are as wide as they need. */
function maskMembers(text: string): string {
  return text
    .replaceAll(/\b[\w-]{22}\b(?=\s)/g, (word) => (/[0-9A-Z]/.test(word) && word.length === 22 ? 'MEMBER' : word))
    .replaceAll(/adminclient-\d+/g, 'adminclient-N')
    .replaceAll(/console-consumer(-\d+)?/g, 'console-consumer')
    .replaceAll(/[ \t]+/g, ' ');
}
