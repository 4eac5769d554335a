/**
 * What container images set: KAFKA_* variables become properties by the rule of the Apache and Confluent images, and some have a meaning
 * of their own. In: the environment of the process. Out: properties, and what stands beside them.
 */
import { splitList } from '@millrace/base';
import { parseListeners } from './listener.ts';

export interface EnvironmentConfig {
  readonly properties: ReadonlyMap<string, string>;
  readonly clusterId: string | undefined;
  /** What KAFKA_CREATE_TOPICS asks for. */
  readonly topics: readonly TopicToCreate[];
  /** KAFKA_LOG4J_ROOT_LOGLEVEL. */
  readonly logLevel: string | undefined;
}

export interface TopicToCreate {
  readonly name: string;
  readonly partitionCount: number;
  readonly replicationFactor: number;
  readonly cleanupPolicy: string | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** For the JVM, the start scripts, other programs of the same family, or read by hand below: never properties. */
const neverMapped = new RegExp(
  `^KAFKA_(${[
    'VERSION|HOME|HEAP_OPTS|OPTS|JMX_OPTS|JMX_PORT|JMX_HOSTNAME|JVM_PERFORMANCE_OPTS|GC_LOG_OPTS|DEBUG',
    'LOG4J_OPTS|LOG4J_ROOT_LOGLEVEL|LOG4J_LOGGERS|TOOLS_LOG4J_LOGLEVEL|REST_.*',
    'CREATE_TOPICS|CREATE_TOPICS_SEPARATOR|CLUSTER_ID|KRAFT_CLUSTER_ID|ADVERTISED_HOST_NAME|ADVERTISED_PORT',
    // What Kubernetes sets for a service that is called kafka.
    'SERVICE_HOST|SERVICE_PORT.*|PORT|PORT_\\d+_.*',
    'SSL_(KEYSTORE|TRUSTSTORE)_(FILENAME|CREDENTIALS)|SSL_KEY_CREDENTIALS',
  ].join('|')})$`,
);

export function readEnvironment(environment: Environment): EnvironmentConfig {
  const properties = new Map<string, string>();
  // Bitnami's prefix first, so that the plain name wins.
  for (const prefix of ['KAFKA_CFG_', 'KAFKA_']) {
    for (const [name, value] of Object.entries(environment)) {
      if (value === undefined || !name.startsWith(prefix) || neverMapped.test(name)) continue;
      if (prefix === 'KAFKA_' && name.startsWith('KAFKA_CFG_')) continue;
      properties.set(propertyName(name.slice(prefix.length)), value);
    }
  }
  addOldAddress(properties, environment);
  addListeners(properties);
  return {
    properties,
    clusterId: filled(
      environment['CLUSTER_ID'] ?? environment['KAFKA_CLUSTER_ID'] ?? environment['KAFKA_KRAFT_CLUSTER_ID'],
    ),
    topics: topicsToCreate(environment),
    logLevel: filled(environment['KAFKA_LOG4J_ROOT_LOGLEVEL']),
  };
}

/** One underscore is a dot, two are an underscore, three are a dash. */
function propertyName(rest: string): string {
  return rest.toLowerCase().replaceAll('_', '.').replaceAll('...', '-').replaceAll('..', '_');
}

/** The oldest compose files give host and port apart. */
function addOldAddress(properties: Map<string, string>, environment: Environment): void {
  const host = filled(environment['KAFKA_ADVERTISED_HOST_NAME']);
  if (host === undefined || properties.has('advertised.listeners')) return;
  properties.set('advertised.listeners', `PLAINTEXT://${host}:${environment['KAFKA_ADVERTISED_PORT'] ?? '9092'}`);
}

/** Advertised addresses alone: the broker listens on the same ports of all interfaces. */
function addListeners(properties: Map<string, string>): void {
  const advertised = properties.get('advertised.listeners');
  if (advertised === undefined || properties.has('listeners')) return;
  const listeners = parseListeners('advertised.listeners', advertised).map(
    ({ name, port }) => `${name}://0.0.0.0:${port}`,
  );
  properties.set('listeners', listeners.join(','));
}

/** `name:partitions:replicas[:cleanup.policy]`, separated by commas or what KAFKA_CREATE_TOPICS_SEPARATOR says. */
function topicsToCreate(environment: Environment): TopicToCreate[] {
  const text = environment['KAFKA_CREATE_TOPICS'] ?? '';
  const separator = environment['KAFKA_CREATE_TOPICS_SEPARATOR'];
  const parts = separator === undefined ? splitList(text) : text.split(separator === "$'\\n'" ? '\n' : separator);
  return parts
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      const [name = '', partitions, replicas, policy] = part.split(':').map((field) => field.trim());
      return {
        name,
        partitionCount: count(partitions),
        replicationFactor: count(replicas),
        cleanupPolicy: filled(policy),
      };
    });
}

const count = (text: string | undefined): number => Math.max(Math.trunc(Number(text)) || 1, 1);
const filled = (text: string | undefined): string | undefined =>
  text === undefined || text.trim() === '' ? undefined : text.trim();
