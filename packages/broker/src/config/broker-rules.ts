/** What two or more keys must agree on, beyond what each key's own line in the tables says. Each rule is one function and one sentence. */
import { MillraceError, type Values } from '@millrace/base';
import type { brokerKeys } from './broker-keys.ts';
import { hostAndPort, type NamedAddress } from './listener.ts';

export type BrokerValues = Values<typeof brokerKeys>;

/** Throws `MillraceError` CONFIG at the first rule that is broken. */
export function checkRules(
  values: BrokerValues,
  nodeId: number,
  listeners: readonly NamedAddress[],
  controllerNames: readonly string[],
): void {
  checkNode(values, nodeId);
  checkQuorum(values, nodeId);
  checkListeners(values, listeners, controllerNames);
  checkLimits(values);
  checkConsumerGroups(values);
}

/** For a sentence about one key's value. */
export function invalid(name: string, value: unknown, what: string): MillraceError {
  return new MillraceError('CONFIG', `Invalid value ${String(value)} for configuration ${name}: ${what}.`);
}

function checkNode(values: BrokerValues, nodeId: number): void {
  const oldId = values['broker.id'];
  if (oldId >= 0 && oldId !== nodeId)
    throw invalid('broker.id', oldId, `it must be the same as node.id, which is ${nodeId}; set only node.id`);
  const roles = values['process.roles'];
  if (roles === null) return;
  if (!roles.includes('broker') || !roles.includes('controller')) {
    throw invalid(
      'process.roles',
      roles.join(','),
      'this version runs broker and controller in one process; set it to broker,controller',
    );
  }
}

/** More nodes than one would each take itself for the whole cluster, so they are refused, not ignored. */
function checkQuorum(values: BrokerValues, nodeId: number): void {
  const voters = values['controller.quorum.voters'];
  for (const voter of voters) {
    if (!/^\d+@/.test(voter) || hostAndPort(voter.slice(voter.indexOf('@') + 1)) === undefined) {
      throw invalid('controller.quorum.voters', voter, 'write a voter as id@host:port');
    }
  }
  if (voters.length > 1)
    throw invalid(
      'controller.quorum.voters',
      voters.join(','),
      `this version runs one node; name only ${nodeId}@host:port`,
    );
  if (voters.length === 1 && Number.parseInt(voters[0]!, 10) !== nodeId) {
    throw invalid('controller.quorum.voters', voters[0], `node.id ${nodeId} must be among the voters`);
  }
  const servers = values['controller.quorum.bootstrap.servers'];
  for (const server of servers) {
    if (hostAndPort(server) === undefined)
      throw invalid('controller.quorum.bootstrap.servers', server, 'write a server as host:port');
  }
  if (servers.length > 1)
    throw invalid(
      'controller.quorum.bootstrap.servers',
      servers.join(','),
      'this version runs one node; name only its own controller listener',
    );
}

function checkListeners(
  values: BrokerValues,
  listeners: readonly NamedAddress[],
  controllerNames: readonly string[],
): void {
  const names = listeners.map(({ name }) => name);
  const text = values.listeners.join(',');
  if (names.every((name) => controllerNames.includes(name))) {
    throw invalid(
      'listeners',
      text,
      'there must be a listener for clients, one that is not in controller.listener.names',
    );
  }
  if (controllerNames.length > 0 && !controllerNames.some((name) => names.includes(name))) {
    throw invalid(
      'controller.listener.names',
      controllerNames.join(','),
      `one of them must be in listeners, which has ${names.join(', ')}`,
    );
  }
  const taken = new Map<string, string>();
  for (const { name, host, port } of listeners) {
    const address = `${host}:${port}`;
    const other = taken.get(address);
    if (port !== 0 && other !== undefined)
      throw invalid('listeners', text, `${other} and ${name} cannot share ${address}`);
    taken.set(address, name);
  }
  const between = values['inter.broker.listener.name']?.toUpperCase();
  if (between === undefined) return;
  if (!names.includes(between))
    throw invalid('inter.broker.listener.name', between, `it must be in listeners, which has ${names.join(', ')}`);
  if (controllerNames.includes(between))
    throw invalid('inter.broker.listener.name', between, 'it must not be a controller listener');
}

function checkLimits(values: BrokerValues): void {
  const queuedBytes = values['queued.max.request.bytes'];
  const requestBytes = values['socket.request.max.bytes'];
  if (queuedBytes > 0 && queuedBytes < requestBytes) {
    throw invalid(
      'queued.max.request.bytes',
      queuedBytes,
      `it must be at least socket.request.max.bytes, which is ${requestBytes}, or -1`,
    );
  }
  const sessionMin = values['group.min.session.timeout.ms'];
  const sessionMax = values['group.max.session.timeout.ms'];
  if (sessionMin > sessionMax)
    throw invalid(
      'group.min.session.timeout.ms',
      sessionMin,
      `it must be at most group.max.session.timeout.ms, which is ${sessionMax}`,
    );
  const codec = values['offsets.topic.compression.codec'];
  if (codec < 0 || codec > 4)
    throw invalid(
      'offsets.topic.compression.codec',
      codec,
      'it must be 0 for none, 1 for gzip, 2 for snappy, 3 for lz4, or 4 for zstd',
    );
  if (values['max.connections.per.ip'] === 0 && values['max.connections.per.ip.overrides'] === '') {
    throw invalid('max.connections.per.ip', 0, 'nobody could connect; set max.connections.per.ip.overrides too');
  }
}

/** What consumer groups get must lie within what they may set for themselves, and a session must outlast a heartbeat. */
function checkConsumerGroups(values: BrokerValues): void {
  for (const name of ['session.timeout.ms', 'heartbeat.interval.ms', 'assignment.interval.ms'] as const) {
    const [key, least, most] = [
      `group.consumer.${name}`,
      `group.consumer.min.${name}`,
      `group.consumer.max.${name}`,
    ] as const;
    if (values[most] < values[least])
      throw invalid(most, values[most], `it must be at least ${least}, which is ${values[least]}`);
    if (values[key] < values[least])
      throw invalid(key, values[key], `it must be at least ${least}, which is ${values[least]}`);
    if (values[key] > values[most])
      throw invalid(key, values[key], `it must be at most ${most}, which is ${values[most]}`);
  }
  const session = values['group.consumer.session.timeout.ms'];
  const heartbeat = values['group.consumer.heartbeat.interval.ms'];
  if (heartbeat >= session)
    throw invalid(
      'group.consumer.heartbeat.interval.ms',
      heartbeat,
      `it must be less than group.consumer.session.timeout.ms, which is ${session}`,
    );
  for (const name of values['group.consumer.assignors'])
    if (name !== 'uniform' && name !== 'range')
      throw invalid('group.consumer.assignors', name, 'only uniform and range are known');
}
