// kafka-configs for everything but topics and brokers: loggers, groups, subscriptions to metrics of clients, quotas of users, clients and
// addresses.

import { settle, type StepOptions, type ToolSteps } from './tool-steps.ts';

export async function entities(tools: ToolSteps): Promise<void> {
  await ofLoggers(tools);
  await ofGroups(tools);
  await ofClientMetrics(tools);
  await ofQuotas(tools);
}

async function step(tools: ToolSteps, name: string, args: string[], options: StepOptions = {}): Promise<string> {
  return await tools.step(`configs: ${name}`, 'kafka-configs', args, { sorted: true, ...options });
}

async function ofLoggers(tools: ToolSteps): Promise<void> {
  const loggers = ['--entity-type', 'broker-loggers', '--entity-name', '1'];
  const name = 'kafka.server.KafkaApis';
  // Which loggers there are depends on the classes of a server; these both have.
  const mask = (text: string) =>
    text
      .split('\n')
      .filter((line) => !line.startsWith('  ') || new RegExp(`^  (root|${name})=`).test(line))
      .map((line) => line.replace(/root=\w+/, 'root=LEVEL'))
      .join('\n');
  const alter = async (what: string, ...args: string[]) => await step(tools, what, ['--alter', ...loggers, ...args]);
  await alter('set the level of a logger', '--add-config', `${name}=DEBUG`);
  await step(tools, 'describe loggers', ['--describe', ...loggers], { mask });
  await alter('set the level of a logger in small letters', '--add-config', `${name}=debug`);
  await alter('set a level that is none', '--add-config', `${name}=LOUD`);
  await alter('set the level of a logger that is not there', '--add-config', 'no.such.logger=INFO');
  await alter('unset the level of a logger', '--delete-config', name);
  await alter('unset the level of the root', '--delete-config', 'root');
  await step(tools, 'describe loggers of a broker that is not there', ['--describe', '--broker-logger', '9']);
}

async function ofGroups(tools: ToolSteps): Promise<void> {
  const group = ['--entity-type', 'groups', '--entity-name', 'tuned-group'];
  const alter = async (what: string, ...args: string[]) => await step(tools, what, ['--alter', ...group, ...args]);
  await step(tools, 'describe a group', ['--describe', ...group]);
  await alter(
    'set of a group',
    '--add-config',
    'consumer.session.timeout.ms=50000,consumer.heartbeat.interval.ms=6000',
  );
  await settle();
  await step(tools, 'describe a group after setting', ['--describe', ...group]);
  await step(tools, 'describe all groups', ['--describe', '--entity-type', 'groups']);
  await alter('set of a group out of range', '--add-config', 'consumer.session.timeout.ms=5');
  await alter('set of a group what is not known', '--add-config', 'no.such.setting=5');
  await alter('unset of a group', '--delete-config', 'consumer.session.timeout.ms,consumer.heartbeat.interval.ms');
  await settle();
  await step(tools, 'describe a group after unsetting', ['--describe', ...group]);
}

async function ofClientMetrics(tools: ToolSteps): Promise<void> {
  const metrics = ['--entity-type', 'client-metrics', '--entity-name', 'watched'];
  const alter = async (what: string, ...args: string[]) => await step(tools, what, ['--alter', ...metrics, ...args]);
  await step(tools, 'describe a subscription', ['--describe', ...metrics]);
  await alter('subscribe', '--add-config', 'interval.ms=5000,metrics=org.apache.kafka,match=[client_id=a]');
  await settle();
  await step(tools, 'describe a subscription after setting', ['--describe', ...metrics]);
  await step(tools, 'describe all subscriptions', ['--describe', '--entity-type', 'client-metrics']);
  await alter('subscribe too often', '--add-config', 'interval.ms=5');
  await alter('subscribe to clients of no kind', '--add-config', 'match=[name=a]');
  await alter('subscribe with what is not known', '--add-config', 'no.such.setting=5');
  await alter('unsubscribe', '--delete-config', 'interval.ms,metrics,match');
  await settle();
  await step(tools, 'describe subscriptions at the end', ['--describe', '--entity-type', 'client-metrics']);
}

async function ofQuotas(tools: ToolSteps): Promise<void> {
  const user = ['--entity-type', 'users', '--entity-name', 'alice'];
  const client = ['--entity-type', 'clients', '--entity-name', 'printer'];
  const address = ['--entity-type', 'ips', '--entity-name', '127.0.0.1'];
  const everyUser = ['--entity-type', 'users', '--entity-default'];
  const alter = async (what: string, entity: string[], ...args: string[]) =>
    await step(tools, what, ['--alter', ...entity, ...args]);
  const describe = async (what: string, entity: string[]) => await step(tools, what, ['--describe', ...entity]);
  await describe('describe a user without quotas', user);
  await alter('set quotas of a user', user, '--add-config', 'producer_byte_rate=1000000,consumer_byte_rate=2000000');
  await alter('set quotas of a client of a user', [...user, ...client], '--add-config', 'request_percentage=50');
  await alter('set quotas of a client', client, '--add-config', 'controller_mutation_rate=10');
  await alter('set quotas of every user', everyUser, '--add-config', 'producer_byte_rate=500000');
  await alter('set quotas of an address', address, '--add-config', 'connection_creation_rate=100');
  await settle();
  await describe('describe quotas of a user', user);
  await describe('describe quotas of users', ['--entity-type', 'users']);
  await describe('describe quotas of clients', ['--entity-type', 'clients']);
  await describe('describe quotas of users and clients', ['--entity-type', 'users', '--entity-type', 'clients']);
  await describe('describe quotas of addresses', ['--entity-type', 'ips']);
  await describe('describe quotas of every user', everyUser);
  await alter('set a quota that is none', user, '--add-config', 'no.such.quota=1');
  await alter('set a quota to what is no number', user, '--add-config', 'producer_byte_rate=many');
  await alter('set a quota out of range', user, '--add-config', 'producer_byte_rate=-1');
  await alter('unset a quota that is not set', user, '--delete-config', 'request_percentage');
  await alter(
    'set a quota of an address that is none',
    ['--entity-type', 'ips', '--entity-name', 'not an address'],
    '--add-config',
    'connection_creation_rate=1',
  );
  await alter('unset quotas of a user', user, '--delete-config', 'producer_byte_rate,consumer_byte_rate');
  await alter('unset quotas of a client of a user', [...user, ...client], '--delete-config', 'request_percentage');
  await alter('unset quotas of a client', client, '--delete-config', 'controller_mutation_rate');
  await alter('unset quotas of every user', everyUser, '--delete-config', 'producer_byte_rate');
  await alter('unset quotas of an address', address, '--delete-config', 'connection_creation_rate');
  await settle();
  await describe('describe quotas at the end', ['--entity-type', 'users', '--entity-type', 'clients']);
}
