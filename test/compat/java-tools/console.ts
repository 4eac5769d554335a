// kafka-console-producer and kafka-console-consumer: keys, headers, nulls, codecs, and every field the formatter prints.

import type { StepOptions, ToolSteps } from './tool-steps.ts';

const PRINT_ALL = ['timestamp', 'partition', 'offset', 'epoch', 'headers', 'key'].flatMap((field) => [
  '--formatter-property',
  `print.${field}=true`,
]);

/** A consumer that closes waits for its last fetch, half a second by default. */
export const SHORT_WAIT = ['--command-property', 'fetch.max.wait.ms=50'];

export async function consoles(tools: ToolSteps): Promise<void> {
  await producing(tools);
  await consuming(tools);
  await readingInternalTopics(tools);
  await forgetNamelessGroups(tools);
}

async function producing(tools: ToolSteps): Promise<void> {
  const step = async (name: string, topic: string, args: string[], stdin: string, options: StepOptions = {}) =>
    await tools.step(`produce: ${name}`, 'kafka-console-producer', ['--topic', topic, '--timeout', '5', ...args], {
      stdin,
      ...options,
    });
  const reader = (...pairs: string[]) => pairs.flatMap((pair) => ['--reader-property', pair]);

  await tools.createTopic('lines');
  await step('lines', 'lines', [], 'one\ntwo\n\nfour\n');
  await step('keys', 'lines', reader('parse.key=true', 'key.separator=:'), 'k1:five\nk2:six\n');
  await step(
    'keys and headers',
    'lines',
    reader('parse.key=true', 'parse.headers=true', 'null.marker=NULL'),
    'h1:a,h2:b\tk3\tseven\nNULL\tk4\tNULL\nh:\tNULL\teight\n',
  );
  await step('a key is missing', 'lines', reader('parse.key=true', 'key.separator=:'), 'no separator\n');
  for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
    await step(`with ${codec}`, `codec-${codec}`, ['--compression-codec', codec], 'alpha\nbeta\ngamma\n');
  }
  for (const acks of ['0', '1', 'all'])
    await step(`with acks ${acks}`, 'acks', ['--request-required-acks', acks, '--sync'], `acks ${acks}\n`);
  await step('without idempotence', 'acks', ['--command-property', 'enable.idempotence=false'], 'not idempotent\n');
  await step(
    'over the limit of the topic',
    'acks',
    ['--command-property', 'max.request.size=4000000', '--sync'],
    `${'x'.repeat(1_200_000)}\n`,
  );
  await step('to a name that is not legal', 'not legal', ['--sync'], 'x\n');
  await tools.createTopic('compacted-console', '--config', 'cleanup.policy=compact');
  await step('without a key to a compacted topic', 'compacted-console', ['--sync'], 'x\n');
  await tools.createTopic('append-time', '--config', 'message.timestamp.type=LogAppendTime');
  await step('to a topic with the time of appending', 'append-time', [], 'now\n');
}

async function consuming(tools: ToolSteps): Promise<void> {
  const step = async (name: string, args: string[], options: StepOptions = {}) =>
    await tools.step(`consume: ${name}`, 'kafka-console-consumer', [...args, ...SHORT_WAIT], {
      mask: maskTimes,
      ...options,
    });
  const all = ['--topic', 'lines', '--from-beginning', '--max-messages', '9'];

  await step('from the beginning', all);
  await step('all fields', [...all, ...PRINT_ALL, '--formatter-property', 'null.literal=NULL']);
  await step('separators', [
    ...all,
    ...PRINT_ALL,
    '--formatter-property',
    'key.separator= | ',
    '--formatter-property',
    'line.separator=;\n',
    '--formatter-property',
    'headers.separator=&',
  ]);
  await step('deserializers', [
    ...all,
    '--key-deserializer',
    'org.apache.kafka.common.serialization.BytesDeserializer',
    '--formatter-property',
    'print.key=true',
  ]);
  await step('from an offset', ['--topic', 'lines', '--partition', '0', '--offset', '5', '--max-messages', '2']);
  await step('from the earliest of a partition', [
    '--topic',
    'lines',
    '--partition',
    '0',
    '--offset',
    'earliest',
    '--max-messages',
    '1',
  ]);
  await step('from the latest, nothing comes', [
    '--topic',
    'lines',
    '--partition',
    '0',
    '--offset',
    'latest',
    '--timeout-ms',
    '300',
  ]);
  await step('only what is committed', [...all, '--isolation-level', 'read_committed']);
  for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
    await step(`with ${codec}`, [
      '--topic',
      `codec-${codec}`,
      '--from-beginning',
      '--max-messages',
      '3',
      '--formatter-property',
      'print.offset=true',
    ]);
  }
  await step(
    'several topics by pattern',
    ['--include', 'codec-(gzip|zstd)', '--from-beginning', '--max-messages', '6'],
    { sorted: true },
  );
  await step('what was acknowledged', [
    '--topic',
    'acks',
    '--from-beginning',
    '--max-messages',
    '4',
    '--formatter-property',
    'print.offset=true',
  ]);
  await step('the time of appending', [
    '--topic',
    'append-time',
    '--from-beginning',
    '--max-messages',
    '1',
    '--formatter-property',
    'print.timestamp=true',
  ]);
  await step('more than there is', ['--topic', 'lines', '--from-beginning', '--timeout-ms', '500']);
  await step('in a group', ['--topic', 'lines', '--group', 'console', '--from-beginning', '--max-messages', '4']);
  await step('in the group, the rest', ['--topic', 'lines', '--group', 'console', '--max-messages', '5']);
  await step('in the group, nothing is left', ['--topic', 'lines', '--group', 'console', '--timeout-ms', '500']);
  await step('a partition that is not there', [
    '--topic',
    'lines',
    '--partition',
    '7',
    '--offset',
    '0',
    '--timeout-ms',
    '500',
  ]);
}

/** What the coordinator wrote for the group above, read by Kafka's own formatters. */
async function readingInternalTopics(tools: ToolSteps): Promise<void> {
  const read = [
    '--topic',
    '__consumer_offsets',
    '--from-beginning',
    '--timeout-ms',
    '1000',
    ...SHORT_WAIT,
    '--formatter',
  ];
  const formatters = 'org.apache.kafka.tools.consumer';
  await tools.step(
    'internal: committed offsets',
    'kafka-console-consumer',
    [...read, `${formatters}.OffsetsMessageFormatter`],
    { mask: maskRecords },
  );
  await tools.step(
    'internal: groups',
    'kafka-console-consumer',
    [...read, `${formatters}.GroupMetadataMessageFormatter`],
    { mask: maskRecords },
  );
}

/** A consumer without a group makes one up, with a random number in its name. */
async function forgetNamelessGroups(tools: ToolSteps): Promise<void> {
  const listed = await tools.quiet('kafka-consumer-groups', ['--list']);
  const nameless = listed.split('\n').filter((name) => name.startsWith('console-consumer-'));
  await tools.quiet('kafka-consumer-groups', ['--delete', ...nameless.flatMap((name) => ['--group', name])]);
}

function maskTimes(text: string): string {
  return text.replaceAll(/(CreateTime|LogAppendTime):\d+/g, '$1:TIME');
}

/** One record a line, and only those of the group with a name of ours. */
function maskRecords(text: string): string {
  return text
    .replaceAll('}{"key"', '}\n{"key"')
    .split('\n')
    .filter((line) => !line.startsWith('{') || line.includes('"group":"console"'))
    .join('\n')
    .replaceAll(/("\w*[tT]imestamp"):\d+/g, '$1:TIME')
    .replaceAll(/"topicId":"[\w-]{22}"/g, '"topicId":"ID"')
    .replaceAll(/total of \d+ messages/g, 'total of N messages');
}
