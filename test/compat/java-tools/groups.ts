// kafka-consumer-groups: list, describe in every form, reset offsets in every way, delete.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SHORT_WAIT } from './console.ts';
import type { StepOptions, ToolSteps } from './tool-steps.ts';

export async function groups(tools: ToolSteps): Promise<void> {
  await tools.createTopic('events', '--partitions', '2');
  await tools.createTopic('other');
  const keyed = ['--reader-property', 'parse.key=true', '--reader-property', 'key.separator=:'];
  const stdin = Array.from({ length: 20 }, (_, i) => `key-${i}:value-${i}\n`).join('');
  await tools.quiet('kafka-console-producer', ['--topic', 'events', ...keyed], { stdin });
  await tools.quiet('kafka-console-producer', ['--topic', 'other'], { stdin: 'a\nb\nc\n' });
  await sleep(20);
  const between = new Date().toISOString().replace('Z', '');
  await sleep(20);
  await tools.quiet('kafka-console-producer', ['--topic', 'events', ...keyed], {
    stdin: 'key-0:later\nkey-1:later\nkey-2:later\n',
  });
  await tools.quiet('kafka-console-consumer', [
    '--topic',
    'events',
    '--group',
    'readers',
    '--from-beginning',
    '--max-messages',
    '23',
    ...SHORT_WAIT,
  ]);
  await tools.quiet('kafka-console-consumer', [
    '--topic',
    'other',
    '--group',
    'others',
    '--from-beginning',
    '--max-messages',
    '1',
    ...SHORT_WAIT,
  ]);
  await listing(tools);
  await describingEmpty(tools);
  await resetting(tools, between);
  await withMembers(tools);
  await deleting(tools);
}

async function step(tools: ToolSteps, name: string, args: string[], options: StepOptions = {}): Promise<string> {
  return await tools.step(`groups: ${name}`, 'kafka-consumer-groups', args, options);
}

async function listing(tools: ToolSteps): Promise<void> {
  await step(tools, 'list', ['--list'], { sorted: true });
  await step(tools, 'list with states', ['--list', '--state'], { sorted: true });
  await step(tools, 'list of one state', ['--list', '--state', 'Stable'], { sorted: true });
  await step(tools, 'list of two states', ['--list', '--state', 'stable,empty'], { sorted: true });
  await step(tools, 'list with types', ['--list', '--type'], { sorted: true });
  await step(tools, 'list of one type', ['--list', '--type', 'classic'], { sorted: true });
  await step(tools, 'list of the other type', ['--list', '--type', 'consumer'], { sorted: true });
  await tools.step('groups: kafka-groups', 'kafka-groups', ['--list'], { sorted: true });
}

async function describingEmpty(tools: ToolSteps): Promise<void> {
  for (const [name, args] of describeForms)
    await step(tools, `describe empty${name}`, ['--describe', '--group', 'readers', ...args]);
  await step(tools, 'describe what is not there', ['--describe', '--group', 'absent']);
  await step(tools, 'state of what is not there', ['--describe', '--group', 'absent', '--state']);
  await step(tools, 'members of what is not there', ['--describe', '--group', 'absent', '--members']);
  await step(tools, 'describe two', ['--describe', '--group', 'readers', '--group', 'others'], { sorted: true });
  await step(tools, 'state of all', ['--describe', '--all-groups', '--state'], { sorted: true });
}

const describeForms: [string, string[]][] = [
  ['', []],
  [', offsets', ['--offsets']],
  [', offsets, verbose', ['--offsets', '--verbose']],
  [', members', ['--members']],
  [', members, verbose', ['--members', '--verbose']],
  [', state', ['--state']],
  [', state, verbose', ['--state', '--verbose']],
];

async function resetting(tools: ToolSteps, between: string): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'reset-'));
  const reset = async (name: string, args: string[], options: StepOptions = {}) =>
    await step(tools, `reset ${name}`, ['--reset-offsets', '--group', 'readers', ...args], {
      sorted: true,
      ...options,
    });
  const events = ['--topic', 'events'];
  const write = (name: string, csv: string) => {
    writeFileSync(join(dir, name), csv);
    return ['--from-file', join(dir, name)];
  };
  try {
    await reset('to earliest, only shown', [...events, '--to-earliest', '--dry-run']);
    await reset('to earliest without a word on doing it', [...events, '--to-earliest']);
    await step(tools, 'describe, nothing was done', ['--describe', '--group', 'readers']);
    await reset('to earliest', [...events, '--to-earliest', '--execute']);
    await step(tools, 'describe after the reset', ['--describe', '--group', 'readers']);
    await reset('to latest', [...events, '--to-latest', '--execute']);
    await reset('to an offset', [...events, '--to-offset', '3', '--execute']);
    await reset('to current', [...events, '--to-current', '--execute']);
    await reset('by a shift forward', [...events, '--shift-by', '2', '--execute']);
    await reset('by a shift back', ['--topic', 'events:1', '--shift-by', '-1', '--execute']);
    await reset('by a shift beyond the end', [...events, '--shift-by', '1000', '--execute']);
    await reset('by a shift before the beginning', [...events, '--shift-by', '-1000', '--execute']);
    await reset('to an offset beyond the end', [...events, '--to-offset', '1000', '--execute']);
    await reset('to a time', [...events, '--to-datetime', between, '--execute']);
    await reset('to a time with zone', [...events, '--to-datetime', `${between}+00:00`, '--execute']);
    await reset('to a time to come', [...events, '--to-datetime', '2090-01-01T00:00:00.000', '--execute']);
    await reset('by a duration', [...events, '--by-duration', 'PT1H', '--execute']);
    await reset('by no duration', [...events, '--by-duration', 'PT0S', '--execute']);
    await reset('of one partition', ['--topic', 'events:0', '--to-earliest', '--execute']);
    await reset('of all topics', ['--all-topics', '--to-earliest', '--execute']);
    await reset('of a topic it never read', ['--topic', 'other', '--to-latest', '--execute']);
    await reset('of a topic that is not there', ['--topic', 'absent', '--to-latest', '--execute']);
    await reset('of a partition that is not there', ['--topic', 'events:9', '--to-latest', '--execute']);
    await reset('to latest, exported', [...events, '--to-latest', '--dry-run', '--export']);
    await reset('to current, exported', ['--all-topics', '--to-current', '--export', '--dry-run']);
    await reset('from a file', [...write('some.csv', 'events,0,1\nevents,1,2\n'), '--execute']);
    await reset('from a file, with offsets out of range', [
      ...write('range.csv', 'events,0,99999\nevents,1,0\n'),
      '--execute',
    ]);
    await reset('from a file that names a group', [...write('group.csv', 'readers,events,0,4\n'), '--execute']);
    await step(
      tools,
      'reset two groups, exported',
      [
        '--reset-offsets',
        '--group',
        'readers',
        '--group',
        'others',
        '--all-topics',
        '--to-earliest',
        '--dry-run',
        '--export',
      ],
      { sorted: true },
    );
    await step(
      tools,
      'reset of a new group',
      ['--reset-offsets', '--group', 'fresh', '--topic', 'events', '--to-latest', '--execute'],
      { sorted: true },
    );
    await step(tools, 'describe the new group', ['--describe', '--group', 'fresh']);
    await step(
      tools,
      'reset all groups',
      ['--reset-offsets', '--all-groups', '--all-topics', '--to-earliest', '--execute'],
      { sorted: true },
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function withMembers(tools: ToolSteps): Promise<void> {
  const consumer = [
    '--topic',
    'events',
    '--group',
    'readers',
    '--command-property',
    'client.id=reader-1',
    '--command-property',
    'group.instance.id=instance-1',
    '--command-property',
    'auto.commit.interval.ms=200',
  ];
  await using _ = tools.background('kafka-console-consumer', consumer);
  await until(async () =>
    (await tools.quiet('kafka-consumer-groups', ['--describe', '--group', 'readers', '--members'])).includes(
      'instance-1',
    ),
  );
  await until(
    async () =>
      !/readers +events +\d +\d+ +\d+ +[1-9]/.test(
        await tools.quiet('kafka-consumer-groups', ['--describe', '--group', 'readers']),
      ),
  );
  for (const [name, args] of describeForms)
    await step(tools, `describe with a member${name}`, ['--describe', '--group', 'readers', ...args]);
  await step(tools, 'list with a member', ['--list', '--state'], { sorted: true });
  await step(tools, 'reset with a member', [
    '--reset-offsets',
    '--group',
    'readers',
    '--topic',
    'events',
    '--to-earliest',
    '--execute',
  ]);
  await step(tools, 'delete with a member', ['--delete', '--group', 'readers']);
  await step(tools, 'delete offsets with a member', ['--delete-offsets', '--group', 'readers', '--topic', 'events']);
  await step(tools, 'delete offsets of a topic the member does not read', [
    '--delete-offsets',
    '--group',
    'readers',
    '--topic',
    'other',
  ]);
}

async function deleting(tools: ToolSteps): Promise<void> {
  await step(tools, 'delete offsets', ['--delete-offsets', '--group', 'others', '--topic', 'other']);
  await step(tools, 'describe after deleting offsets', ['--describe', '--group', 'others']);
  await step(tools, 'delete offsets of a partition', ['--delete-offsets', '--group', 'fresh', '--topic', 'events:0']);
  await step(tools, 'describe after deleting one', ['--describe', '--group', 'fresh']);
  await step(tools, 'delete offsets of a group that is not there', [
    '--delete-offsets',
    '--group',
    'absent',
    '--topic',
    'events',
  ]);
  await step(tools, 'delete offsets of a topic that is not there', [
    '--delete-offsets',
    '--group',
    'fresh',
    '--topic',
    'absent',
  ]);
  await step(tools, 'delete', ['--delete', '--group', 'fresh']);
  await step(tools, 'delete what is not there', ['--delete', '--group', 'absent']);
  await step(tools, 'delete some that are there and one that is not', [
    '--delete',
    '--group',
    'others',
    '--group',
    'absent',
  ]);
  await step(tools, 'list after deleting', ['--list'], { sorted: true });
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 150; tries++) {
    if (await holds()) return;
    await sleep(100);
  }
  throw new Error('the group did not get there in time');
}
