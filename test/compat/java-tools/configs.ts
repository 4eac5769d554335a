// kafka-configs: settings of topics and brokers, described with source and synonyms, altered, and put back.

import { settle, type StepOptions, type ToolSteps } from './tool-steps.ts';

export async function configs(tools: ToolSteps): Promise<void> {
  await tools.createTopic('tuned', '--config', 'retention.ms=3600000', '--config', 'cleanup.policy=delete');
  await tools.createTopic('untuned');
  await ofTopics(tools);
  await ofBrokers(tools);
}

async function step(tools: ToolSteps, name: string, args: string[], options: StepOptions = {}): Promise<string> {
  return await tools.step(`configs: ${name}`, 'kafka-configs', args, options);
}

async function ofTopics(tools: ToolSteps): Promise<void> {
  const tuned = ['--entity-type', 'topics', '--entity-name', 'tuned'];
  const alter = async (name: string, ...args: string[]) => await step(tools, name, ['--alter', ...tuned, ...args]);
  const describe = async (name: string) => await step(tools, name, ['--describe', ...tuned], { sorted: true });
  await describe('describe a topic');
  await step(tools, 'describe a topic, all settings', ['--describe', '--all', '--topic', 'tuned'], { sorted: true });
  await step(tools, 'describe all topics', ['--describe', '--entity-type', 'topics'], { sorted: true });
  await step(tools, 'describe a topic that is not there', ['--describe', '--topic', 'absent']);
  await alter('set', '--add-config', 'retention.bytes=1000000,segment.ms=600000,cleanup.policy=[compact,delete]');
  await settle();
  await describe('describe after setting');
  await alter('set again', '--add-config', 'retention.bytes=2000000');
  await alter('unset', '--delete-config', 'segment.ms,cleanup.policy');
  await settle();
  await describe('describe after unsetting');
  await alter('unset what is not set', '--delete-config', 'flush.ms');
  await alter('set and unset at once', '--add-config', 'max.message.bytes=2000', '--delete-config', 'retention.bytes');
  await settle();
  await describe('describe after both');
  await alter('set to a value out of range', '--add-config', 'retention.ms=-2');
  await alter('set to a value of the wrong type', '--add-config', 'max.message.bytes=many');
  await alter('set to a choice that is none', '--add-config', 'cleanup.policy=shred');
  await alter('set what is not known', '--add-config', 'no.such.setting=1');
  await alter('set values that contradict', '--add-config', 'min.compaction.lag.ms=100,max.compaction.lag.ms=50');
  await alter('set to nothing', '--add-config', 'retention.ms=');
  await alter('set replicas to throttle', '--add-config', 'leader.replication.throttled.replicas=[0:1,1:1]');
  await step(tools, 'set on a topic that is not there', [
    '--alter',
    '--topic',
    'absent',
    '--add-config',
    'retention.ms=1',
  ]);
  await settle();
  await describe('describe at the end');
}

async function ofBrokers(tools: ToolSteps): Promise<void> {
  const broker = ['--entity-type', 'brokers', '--entity-name', '1'];
  const defaults = ['--entity-type', 'brokers', '--entity-default'];
  const describe = async (name: string, ...args: string[]) =>
    await step(tools, name, ['--describe', ...args], { sorted: true });
  await describe('describe a broker', ...broker);
  await describe('describe the defaults of brokers', ...defaults);
  await describe('describe a broker, all settings', ...broker, '--all');
  await describe('describe all brokers', '--entity-type', 'brokers');
  await describe('describe a broker that is not there', '--broker', '9');
  await describe('describe a broker by a name that is no number', '--broker', 'one');
  const setEverywhere = ['log.retention.ms=7200000', 'message.max.bytes=2000000'].join(',');
  await step(tools, 'set for all brokers', ['--alter', ...defaults, '--add-config', setEverywhere]);
  await settle();
  await describe('describe the defaults after setting', ...defaults);
  await describe('describe a topic that follows the broker', '--topic', 'untuned', '--all');
  await step(tools, 'set for one broker', [
    '--alter',
    ...broker,
    '--add-config',
    'log.retention.ms=3600000,log.cleaner.threads=2',
  ]);
  await settle();
  await describe('describe the broker after setting', ...broker);
  await describe('describe a topic that follows one broker', '--topic', 'untuned', '--all');
  await step(tools, 'set what only the file can set', ['--alter', ...broker, '--add-config', 'log.dirs=/tmp/x']);
  await step(tools, 'set what is for one broker only, for all', [
    '--alter',
    ...defaults,
    '--add-config',
    'listeners=PLAINTEXT://:1',
  ]);
  await step(tools, 'set what is for all brokers only, for one', [
    '--alter',
    ...broker,
    '--add-config',
    'auto.create.topics.enable=false',
  ]);
  await step(tools, 'set a broker setting to a value out of range', [
    '--alter',
    ...broker,
    '--add-config',
    'log.cleaner.threads=-1',
  ]);
  await step(tools, 'set a broker setting that is not known', [
    '--alter',
    ...broker,
    '--add-config',
    'no.such.setting=1',
  ]);
  await step(tools, 'unset for one broker', [
    '--alter',
    ...broker,
    '--delete-config',
    'log.retention.ms,log.cleaner.threads',
  ]);
  await step(tools, 'unset for all brokers', [
    '--alter',
    ...defaults,
    '--delete-config',
    'log.retention.ms,message.max.bytes',
  ]);
  await settle();
  await describe('describe the broker after unsetting', ...broker);
}
