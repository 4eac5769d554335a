/**
 * What is wrong with a change of a broker's settings while it runs, in Kafka's order and words. In: the changes, for one broker or for all,
 * and what is in force now. Out: the first fault, or none. What needs a start anew is refused, so that nobody is told of what is not so.
 */
import { isIP } from 'node:net';
import { resolve } from 'node:path';

import { splitList, valueFault, type Key, type KeyTable } from '@millrace/base';
import { errors } from '@millrace/protocol';

import type { Fault } from '../metadata/controller.ts';
import { brokerKeys } from './broker-keys.ts';
import type { BrokerValues } from './broker-rules.ts';

export interface BrokerChange {
  /** Empty for all brokers at once. */
  readonly broker: string;
  /** Null takes a key back to its default. */
  readonly changes: ReadonlyMap<string, string | null>;
  readonly values: BrokerValues;
  readonly logDirs: readonly string[];
}

interface KnownChange {
  readonly name: string;
  /** Without the prefix of a listener. */
  readonly plainName: string;
  readonly key: Key<unknown>;
  readonly text: string | null;
}

const listenerPrefix = /^listener\.name\.[^.]+\./;
/** Their values depend on the listener, and so they are changed for one listener. */
const perListener: ReadonlySet<string> = new Set([
  'ssl.keystore.type',
  'ssl.keystore.location',
  'ssl.keystore.password',
  'ssl.key.password',
  'ssl.keystore.key',
  'ssl.keystore.certificate.chain',
  'ssl.truststore.type',
  'ssl.truststore.location',
  'ssl.truststore.password',
  'ssl.truststore.certificates',
]);
const cleanerThreads = 'log.cleaner.threads';
const threadCounts: ReadonlySet<string> = new Set([
  'num.io.threads',
  'num.network.threads',
  'num.replica.fetchers',
  'num.recovery.threads.per.data.dir',
  'background.threads',
  'remote.log.manager.copier.thread.pool.size',
  'remote.log.manager.expiration.thread.pool.size',
  'remote.log.manager.follower.thread.pool.size',
  'remote.log.reader.threads',
]);
const neverZero: ReadonlySet<string> = new Set(['max.connections', 'max.connection.creation.rate']);
const needsStart: ReadonlySet<string> = new Set(['listeners', 'listener.security.protocol.map']);
const minInSync = 'min.insync.replicas';
const dedupeBytesPerThread = 1 << 20;

export function brokerChangeFault(change: BrokerChange): Fault | undefined {
  const known = knownChanges(change.changes);
  return nameFault(change, known) ?? rangeFault(change, known) ?? electionFault(change);
}

function nameFault({ broker }: BrokerChange, known: readonly KnownChange[]): Fault | undefined {
  const fixed = known.filter(({ key }) => key.dynamic === 'read-only');
  if (fixed.length > 0) return invalid(`Cannot update these configs dynamically: [${namesOf(fixed)}]`);
  const unprefixed = known.filter(({ name }) => perListener.has(name));
  if (unprefixed.length > 0) {
    return invalid(
      `These security configs can be dynamically updated only per-listener using the listener prefix: [${namesOf(unprefixed)}]`,
    );
  }
  for (const { plainName, key, text } of known) {
    const fault = text === null ? undefined : (valueFault(plainName, key, text) ?? classFault(plainName, key, text));
    if (fault !== undefined) return invalid(fault);
  }
  const single = known.filter(({ key }) => key.dynamic === 'per-broker');
  if (broker !== '' || single.length === 0) return undefined;
  return invalid(
    `Cannot update these configs at default cluster level, broker id must be specified: [${namesOf(single)}]`,
  );
}

function rangeFault(change: BrokerChange, known: readonly KnownChange[]): Fault | undefined {
  for (const { name, text } of known) {
    const fault = text === null ? undefined : ruleFault(change, name, text.trim());
    if (fault !== undefined) return invalid(fault);
  }
  return undefined;
}

function ruleFault(change: BrokerChange, name: string, text: string): string | undefined {
  const { values } = change;
  if (threadCounts.has(name)) return threadFault(values, name, Number(text));
  if (neverZero.has(name) && Number(text) === 0) return refused(`Invalid ${name} ${text}`);
  if (needsStart.has(name)) return startFault(values, name, text);
  switch (name) {
    case cleanerThreads:
      return cleanerFault(values[cleanerThreads], Number(text));
    case 'log.cleaner.dedupe.buffer.size':
      if (Number(text) >= dedupeBytesPerThread * values[cleanerThreads]) return undefined;
      return 'requirement failed: log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread.';
    case 'max.connections.per.ip':
      return perAddressFault(change, Number(text));
    case 'max.connections.per.ip.overrides':
      return overridesFault(text);
    case 'cordoned.log.dirs':
      return cordonFault(change.logDirs, text);
    case 'metric.reporters':
      return reportersFault(text);
    default:
      return undefined;
  }
}

/** At most double and at least half, step by step, as Kafka changes its pools. */
function threadFault(values: BrokerValues, name: string, count: number): string | undefined {
  const now = values[name as 'num.io.threads'];
  const what = `Dynamic thread count update validation failed for ${name}=${count}, value should`;
  if (count > now * 2) return refused(`${what} not be greater than double the current value ${now}`);
  if (count < Math.floor(now / 2)) return refused(`${what} be at least half the current value ${now}`);
  return undefined;
}

function cleanerFault(now: number, count: number): string | undefined {
  if (count < 1) return refused(`Log cleaner threads should be at least 1`);
  if (count > now * 2)
    return refused(`Log cleaner threads cannot be increased to more than double the current value ${now}`);
  if (count < Math.floor(now / 2))
    return refused(`Log cleaner threads cannot be reduced to less than half the current value ${now}`);
  return undefined;
}

function perAddressFault({ changes, values }: BrokerChange, count: number): string | undefined {
  const overrides = changes.get('max.connections.per.ip.overrides') ?? values['max.connections.per.ip.overrides'];
  if (count > 0 || overrides !== '') return undefined;
  return 'requirement failed: max.connections.per.ip can be set to zero only if max.connections.per.ip.overrides property is set.';
}

function overridesFault(text: string): string | undefined {
  for (const item of splitList(text)) {
    const cut = item.lastIndexOf(':');
    const isAddress = cut > 0 && (isIP(item.slice(0, cut)) > 0 || /^[\w.-]+$/.test(item.slice(0, cut)));
    if (isAddress && /^\d{1,9}$/.test(item.slice(cut + 1))) continue;
    return `Error parsing configuration property 'max.connections.per.ip.overrides': ${item} is not address:count`;
  }
  return undefined;
}

function cordonFault(logDirs: readonly string[], text: string): string | undefined {
  const known = new Set(logDirs.map((path) => resolve(path)));
  const missing = splitList(text).filter((path) => path !== '*' && !known.has(resolve(path)));
  if (missing.length === 0) return undefined;
  return `requirement failed: All entries in cordoned.log.dirs must be present in log.dirs or log.dir. Missing entries : ${missing.join(', ')}`;
}

function reportersFault(text: string): string | undefined {
  const usual = brokerKeys['metric.reporters'].default;
  if (splitList(text).every((name) => name === usual)) return undefined;
  return refused(
    'Validation of dynamic config update of Set(metric.reporters) failed with class class kafka.server.DynamicMetricsReporters',
  );
}

/** There are no Java classes here; the usual ones stand for what is built in. */
function classFault(name: string, { type, default: usual }: Key<unknown>, text: string): string | undefined {
  if (type !== 'class' || text === usual || text.startsWith('org.apache.kafka.')) return undefined;
  return `Invalid value ${text} for configuration ${name}: Class ${text} could not be found.`;
}

function startFault(values: BrokerValues, name: string, text: string): string | undefined {
  const inForce: string | readonly string[] = values[name as 'listeners'];
  const now = typeof inForce === 'string' ? splitList(inForce) : inForce;
  const asked = splitList(text);
  const isSame = asked.length === now.length && asked.every((item) => now.includes(item));
  return isSame
    ? undefined
    : `${name} cannot be changed while Millrace runs: write it into its configuration and start again.`;
}

/** With eligible leader replicas one count of replicas in sync holds for the whole cluster. */
function electionFault({ broker, changes }: BrokerChange): Fault | undefined {
  const text = changes.get(minInSync);
  if (text === undefined) return undefined;
  const errorCode = errors.INVALID_CONFIG;
  if (broker !== '')
    return { errorCode, errorMessage: `Broker-level ${minInSync} cannot be altered while ELR is enabled.` };
  if (text === null)
    return { errorCode, errorMessage: `Cluster-level ${minInSync} cannot be removed while ELR is enabled.` };
  return undefined;
}

function knownChanges(changes: ReadonlyMap<string, string | null>): KnownChange[] {
  return [...changes].flatMap(([name, text]) => {
    const found = brokerKeyOf(name);
    return found === undefined ? [] : [{ name, text, ...found }];
  });
}

/** The key itself, or the one that a listener has a value of its own for. */
export function brokerKeyOf(name: string): { readonly plainName: string; readonly key: Key<unknown> } | undefined {
  const plainName = name.replace(listenerPrefix, '');
  const key = Object.hasOwn(brokerKeys, plainName) ? (brokerKeys as KeyTable)[plainName] : undefined;
  return key === undefined ? undefined : { plainName, key };
}

function namesOf(changes: readonly KnownChange[]): string {
  return changes.map(({ name }) => name).join(', ');
}

function refused(what: string): string {
  return `Invalid value org.apache.kafka.common.config.ConfigException: ${what} for configuration Invalid dynamic configuration`;
}

function invalid(errorMessage: string): Fault {
  return { errorCode: errors.INVALID_REQUEST, errorMessage };
}
