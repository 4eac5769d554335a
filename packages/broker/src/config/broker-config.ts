/**
 * The configuration a broker starts with. In: the command line, the environment and the properties file it names. Out: one object with
 * typed values, or one sentence about what is wrong.
 *
 * Three sources, the later wins: properties file, KAFKA_* variables, --override. When there is neither file nor variable, the built-in
 * properties of a laptop stand in for the file: loopback only, single copies, no wait before a group's first assignment. Otherwise a key
 * that nobody sets has Kafka's default. `properties` keeps the texts as they were given, which is what DescribeConfigs prints;
 * the tables (`broker-keys.ts` and the files it joins) say what each means; `broker-rules.ts` what they must agree on.
 */
import { hostname } from 'node:os';
import { configure, MillraceError, readSmallFile, type Disk } from '@millrace/base';
import { brokerKeys } from './broker-keys.ts';
import { checkRules, invalid, type BrokerValues } from './broker-rules.ts';
import { readEnvironment, type Environment, type TopicToCreate } from './environment.ts';
import {
  hostAndPort,
  parseListeners,
  parseProtocols,
  type Address,
  type ListenerConfig,
  type NamedAddress,
} from './listener.ts';
import { parseCommandLine } from './overrides.ts';
import { parseProperties } from './properties-file.ts';
import { warningsFor } from './warnings.ts';

export type { Address, ListenerConfig } from './listener.ts';
export type { TopicToCreate } from './environment.ts';

export interface BrokerConfigSources {
  readonly args: readonly string[];
  readonly environment: Environment;
  readonly disk: Disk;
  /** The data directory when none is set. */
  readonly logDir?: string;
}

export interface BrokerConfig {
  readonly nodeId: number;
  /** `undefined`: the data directories know it, or it is made up. */
  readonly clusterId: string | undefined;
  readonly rack: string | null;
  /** All of them, the controller's too. */
  readonly listeners: readonly ListenerConfig[];
  readonly controllerListenerNames: readonly string[];
  /** Where clients of a listener are told to connect; port 0 stands for the one the listener gets. */
  advertised(listenerName: string): Address;
  readonly logDirs: readonly string[];
  readonly adminListener: Address | undefined;
  readonly durability: 'sync' | 'os';
  /** To be made at the first start. */
  readonly topics: readonly TopicToCreate[];
  readonly logLevel: string | undefined;
  /** Every key's typed value, defaults included. */
  readonly values: BrokerValues;
  /** The texts that were given, by name. */
  readonly properties: ReadonlyMap<string, string>;
  /** One sentence each. */
  readonly warnings: readonly string[];
}

const laptopProperties: ReadonlyMap<string, string> = new Map([
  ['listeners', 'PLAINTEXT://localhost:9092'],
  ['offsets.topic.replication.factor', '1'],
  ['transaction.state.log.replication.factor', '1'],
  ['transaction.state.log.min.isr', '1'],
  ['share.coordinator.state.topic.replication.factor', '1'],
  ['share.coordinator.state.topic.min.isr', '1'],
  ['group.initial.rebalance.delay.ms', '0'],
]);
const defaultLogDir = 'data/millrace';
const defaultNodeId = 1;

/** Throws `MillraceError` CONFIG. */
export function readBrokerConfig(sources: BrokerConfigSources): BrokerConfig {
  const { file, overrides } = parseCommandLine(sources.args);
  const environment = readEnvironment(sources.environment);
  const base = file === undefined ? undefined : readProperties(sources.disk, file);
  const isGiven = base !== undefined || environment.properties.size > 0;
  const given = new Map([...(base ?? []), ...environment.properties, ...overrides]);
  const properties = completed(
    isGiven ? given : new Map([...laptopProperties, ...given]),
    sources.logDir ?? defaultLogDir,
  );
  const values = configure(brokerKeys, properties);
  const nodeId = values['node.id'] ?? defaultNodeId;
  const addresses = parseListeners('listeners', values.listeners.join(','));
  const controllerListenerNames = controllerNames(values, addresses);
  checkRules(values, nodeId, addresses, controllerListenerNames);
  const advertised = advertisedAddresses(values, addresses, controllerListenerNames);
  return {
    nodeId,
    clusterId: values['cluster.id'] ?? environment.clusterId,
    rack: values['broker.rack'],
    listeners: withProtocols(properties, addresses, controllerListenerNames),
    controllerListenerNames,
    advertised: (listenerName) => {
      const address = advertised.get(listenerName);
      if (address === undefined) throw new MillraceError('CONFIG', `There is no listener ${listenerName}.`);
      return address;
    },
    logDirs: logDirs(values),
    adminListener: hostAndPort(values['admin.listener']),
    durability: values['log.durability'],
    topics: environment.topics,
    logLevel: environment.logLevel,
    values,
    properties,
    warnings: warningsFor(brokerKeys, given),
  };
}

function readProperties(disk: Disk, file: string): Map<string, string> {
  const bytes = readSmallFile(disk, file);
  if (bytes === undefined) throw new MillraceError('CONFIG', `There is no properties file ${file}.`);
  return parseProperties(Buffer.from(bytes).toString());
}

/** What other keys imply is written down, so that DescribeConfigs tells what is in force. */
function completed(given: ReadonlyMap<string, string>, logDir: string): Map<string, string> {
  const properties = new Map(given);
  const oldId = Number(given.get('broker.id') ?? -1);
  if (!properties.has('node.id')) properties.set('node.id', String(oldId >= 0 ? oldId : defaultNodeId));
  if (!properties.has('broker.id')) properties.set('broker.id', properties.get('node.id') ?? '');
  if (!properties.has('process.roles')) properties.set('process.roles', 'broker,controller');
  if (!properties.has('log.dirs') && !properties.has('log.dir')) properties.set('log.dirs', logDir);
  return properties;
}

/** A listener of that very name is meant for the controller, even when nobody says so. */
const usualControllerName = 'CONTROLLER';

function controllerNames(values: BrokerValues, listeners: readonly NamedAddress[]): string[] {
  const named = values['controller.listener.names'];
  if (named !== null) return named.map((name) => name.toUpperCase());
  return listeners.some(({ name }) => name === usualControllerName) ? [usualControllerName] : [];
}

const protocolNames = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'];

function withProtocols(
  properties: ReadonlyMap<string, string>,
  listeners: readonly NamedAddress[],
  controllers: readonly string[],
): ListenerConfig[] {
  const map = parseProtocols(properties.get('listener.security.protocol.map') ?? '');
  return listeners.map((listener) => {
    const { name } = listener;
    const protocol =
      map.get(name) ?? (protocolNames.includes(name) ? name : controllers.includes(name) ? 'PLAINTEXT' : undefined);
    if (protocol === undefined) {
      throw invalid(
        'listeners',
        `${name}://${listener.host}:${listener.port}`,
        `the listener has no protocol; add ${name}:PLAINTEXT to listener.security.protocol.map`,
      );
    }
    if (!protocolNames.includes(protocol)) {
      throw invalid(
        'listener.security.protocol.map',
        `${name}:${protocol}`,
        `the protocol must be one of ${protocolNames.join(', ')}`,
      );
    }
    if (protocol !== 'PLAINTEXT') {
      throw invalid(
        'listener.security.protocol.map',
        `${name}:${protocol}`,
        'this version has neither TLS nor SASL yet; use PLAINTEXT on a network you trust',
      );
    }
    return { ...listener, protocol };
  });
}

function advertisedAddresses(
  values: BrokerValues,
  listeners: readonly NamedAddress[],
  controllers: readonly string[],
): Map<string, Address> {
  const text = values['advertised.listeners']?.join(',');
  const given = text === undefined ? undefined : parseListeners('advertised.listeners', text);
  const names = listeners.map(({ name }) => name);
  const addresses = new Map<string, Address>();
  // A listener that is left out of those advertised is one that clients know by other means.
  for (const { name, host, port } of listeners)
    addresses.set(name, { host: given !== undefined && isWildcard(host) ? hostname() : reachable(host), port });
  for (const { name, host, port } of given ?? []) {
    if (!names.includes(name))
      throw invalid(
        'advertised.listeners',
        `${name}://${host}:${port}`,
        `${name} must be in listeners, which has ${names.join(', ')}`,
      );
    addresses.set(name, { host: reachable(host), port });
  }
  for (const [name, { host }] of addresses) {
    if (controllers.includes(name) || !isWildcard(host)) continue;
    throw invalid(
      'advertised.listeners',
      text ?? 'nothing',
      `clients of ${name} cannot connect to ${host}; advertise a name or address that they reach`,
    );
  }
  return addresses;
}

const isWildcard = (host: string): boolean => host === '0.0.0.0' || host === '::';
const reachable = (host: string): string => (host === '' ? hostname() : host);

function logDirs(values: BrokerValues): readonly string[] {
  const [name, folders] =
    values['log.dirs'] === null ? ['log.dir', values['log.dir']] : ['log.dirs', values['log.dirs']];
  if (folders.length === 0 || folders.includes(''))
    throw invalid(name, folders.join(','), 'name at least one folder for data');
  return [...new Set(folders)];
}
