// kafka-topics: create, list, describe, alter, delete, and the errors of each.

import { settle, type ToolSteps } from './tool-steps.ts';

export async function topics(tools: ToolSteps): Promise<void> {
  const step = async (name: string, ...args: string[]) =>
    await tools.step(`topics: ${name}`, 'kafka-topics', args, { mask: maskTopicIds });
  await step('list when there are none', '--list');
  await step('describe when there are none', '--describe');

  await step('create', '--create', '--topic', 'orders', '--partitions', '3', '--replication-factor', '1');
  await step('create with the defaults of the broker', '--create', '--topic', 'plain');
  await step(
    'create with settings',
    '--create',
    '--topic',
    'compacted',
    '--config',
    'cleanup.policy=compact',
    '--config',
    'segment.bytes=1048576',
    '--config',
    'retention.ms=-1',
  );
  await step('create with assignment', '--create', '--topic', 'assigned', '--replica-assignment', '1,1');
  await step('create with a dot and an underscore', '--create', '--topic', 'dotted.under_scored');
  await settle();
  await step('create with a name that collides', '--create', '--topic', 'dotted_under.scored');
  await settle();
  await step('create what exists', '--create', '--topic', 'orders');
  await step('create if it does not exist', '--create', '--if-not-exists', '--topic', 'orders');
  await step('create with a name that is not legal', '--create', '--topic', 'not legal');
  await step('create with a name of one dot', '--create', '--topic', '.');
  await step('create with a name too long', '--create', '--topic', 'x'.repeat(250));
  await step('create with no partitions', '--create', '--topic', 'bad', '--partitions', '0');
  await step('create with more replicas than brokers', '--create', '--topic', 'bad', '--replication-factor', '2');
  await step(
    'create with assignment to a broker that is not there',
    '--create',
    '--topic',
    'bad',
    '--replica-assignment',
    '1,7',
  );
  await step(
    'create with assignment that repeats a broker',
    '--create',
    '--topic',
    'bad',
    '--replica-assignment',
    '1:1',
  );
  await step('create with an unknown setting', '--create', '--topic', 'bad', '--config', 'no.such.setting=1');
  await step('create with a setting out of range', '--create', '--topic', 'bad', '--config', 'segment.bytes=13');
  await step('create with a setting of the wrong type', '--create', '--topic', 'bad', '--config', 'retention.ms=soon');
  await step('create with a choice that is none', '--create', '--topic', 'bad', '--config', 'compression.type=brotli');

  await settle();
  await step('list', '--list');
  await step('list by pattern', '--list', '--topic', 'o.*|plain');
  await step('list without internal ones', '--list', '--exclude-internal');
  const described = await step('describe all', '--describe');
  await step('describe one', '--describe', '--topic', 'orders');
  await step('describe by id', '--describe', '--topic-id', /Topic: orders\tTopicId: (\S+)/.exec(described)?.[1] ?? '');
  await step('describe by an id that is not there', '--describe', '--topic-id', 'AAAAAAAAAAAAAAAAAAABBQ');
  await step('describe what is not there', '--describe', '--topic', 'absent');
  await step('describe what is not there if it exists', '--describe', '--if-exists', '--topic', 'absent');
  await step(
    'describe with pages of one partition',
    '--describe',
    '--topic',
    'orders',
    '--partition-size-limit-per-response',
    '1',
  );
  for (const filter of ['under-replicated', 'unavailable', 'under-min-isr', 'at-min-isr']) {
    await step(`describe ${filter} partitions`, '--describe', `--${filter}-partitions`);
  }
  await step('describe topics with overrides', '--describe', '--topics-with-overrides');

  await step('add partitions', '--alter', '--topic', 'orders', '--partitions', '5');
  await settle();
  await step('describe after adding', '--describe', '--topic', 'orders');
  await step(
    'add partitions with assignment',
    '--alter',
    '--topic',
    'assigned',
    '--partitions',
    '3',
    '--replica-assignment',
    '1,1,1',
  );
  await step('ask for fewer partitions', '--alter', '--topic', 'orders', '--partitions', '2');
  await step('ask for as many partitions', '--alter', '--topic', 'orders', '--partitions', '5');
  await step('add partitions to what is not there', '--alter', '--topic', 'absent', '--partitions', '2');
  await step(
    'add partitions to what is not there if it exists',
    '--alter',
    '--if-exists',
    '--topic',
    'absent',
    '--partitions',
    '2',
  );

  await step('delete', '--delete', '--topic', 'plain');
  await step('delete by pattern', '--delete', '--topic', 'dotted.*');
  await step('delete what is not there', '--delete', '--topic', 'absent');
  await step('delete what is not there if it exists', '--delete', '--if-exists', '--topic', 'absent');
  await settle();
  await step('list after deleting', '--list');
  await step('create again what was deleted', '--create', '--topic', 'plain', '--partitions', '2');
  await settle();
  await step('describe what was created again', '--describe', '--topic', 'plain');
}

/** Settings come in the order of a hash map. */
function maskTopicIds(text: string): string {
  return text.replaceAll(/TopicId: [\w-]{22}/g, 'TopicId: ID').replaceAll(
    /Configs: (.+)$/gm,
    (_, list: string) =>
      `Configs: ${list
        .split(/,(?=[\w.]+=)/)
        .sort()
        .join()}`,
  );
}
