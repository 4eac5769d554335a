/**
 * The levels of loggers as a resource of settings (BROKER_LOGGER). In: names of loggers, ours or those that Kafka has for the same part.
 * Out: their levels, and changes of them, which last until the process ends. Two names of one part have one level.
 */
import { logLevels, type LogLevel, type LogLevels } from '@millrace/base';
import { errors } from '@millrace/protocol';

import { sources, type DescribedKey } from './described-key.ts';
import type { Fault } from './metadata/controller.ts';

export interface LevelChange {
  readonly name: string;
  readonly configOperation: number;
  readonly value: string | null;
}

const rootName = 'root';
const ownPrefix = 'millrace.';
/** Which part of ours speaks of what that logger of Kafka's speaks of. */
const kafkaNames: ReadonlyMap<string, string> = new Map([
  ['kafka.authorizer.logger', 'authorizer'],
  ['kafka.coordinator.transaction.TransactionCoordinator', 'transactions'],
  ['kafka.log.LogManager', 'log'],
  ['kafka.request.logger', 'requests'],
  ['kafka.server.KafkaApis', 'requests'],
  ['kafka.server.ReplicaAlterLogDirsManager', 'moves'],
  ['kafka.server.ReplicaManager', 'partitions'],
  ['org.apache.kafka.coordinator.group.GroupCoordinatorService', 'coordinator'],
  ['org.apache.kafka.storage.internals.log.LogCleaner', 'cleaner'],
  ['state.change.logger', 'partitions'],
]);
const validLevels: readonly string[] = logLevels;

const set = 0;
const remove = 1;
const append = 2;
const subtract = 3;

export function describeLoggers(levels: LogLevels): DescribedKey[] {
  const names = [rootName, ...kafkaNames.keys(), ...levels.parts.map((part) => ownPrefix + part)];
  return names.map((name) => ({
    name,
    value: levels.of(partOf(name)),
    isReadOnly: false,
    isSensitive: false,
    source: sources.brokerLogger,
    type: 0,
    documentation: '',
    synonyms: [],
  }));
}

/** All of the changes, or none and what is wrong with the first. */
export function alterLoggers(
  levels: LogLevels,
  changes: readonly LevelChange[],
  validateOnly: boolean,
): Fault | undefined {
  for (const change of changes) {
    const fault = changeFault(levels, change);
    if (fault !== undefined) return fault;
  }
  if (validateOnly) return undefined;
  for (const { name, configOperation, value } of changes) {
    const level = configOperation === remove ? undefined : (value as LogLevel);
    const part = partOf(name);
    if (part !== undefined) levels.set(part, level);
    else if (level !== undefined) levels.root = level;
  }
  return undefined;
}

function changeFault(levels: LogLevels, { name, configOperation, value }: LevelChange): Fault | undefined {
  if (configOperation === append || configOperation === subtract) {
    const operation = configOperation === append ? 'APPEND' : 'SUBTRACT';
    return refuse(errors.INVALID_REQUEST, `${operation} operation is not allowed for the BROKER_LOGGER resource`);
  }
  if (configOperation !== set && configOperation !== remove)
    return refuse(errors.INVALID_REQUEST, `Unknown operations type ${configOperation}`);
  if (!isKnown(levels, name)) return refuse(errors.INVALID_CONFIG, `Logger ${name} does not exist!`);
  if (configOperation === set && !validLevels.includes(value ?? '')) {
    return refuse(
      errors.INVALID_CONFIG,
      `Cannot set the log level of ${name} to ${value} as it is not a supported log level. Valid log levels are ${validLevels.toSorted().join(', ')}`,
    );
  }
  if (configOperation === remove && name === rootName)
    return refuse(errors.INVALID_REQUEST, 'Removing the log level of the root logger is not allowed');
  return undefined;
}

function isKnown(levels: LogLevels, name: string): boolean {
  if (name === rootName || kafkaNames.has(name)) return true;
  return name.startsWith(ownPrefix) && levels.parts.includes(name.slice(ownPrefix.length));
}

/** Undefined for the root. */
function partOf(name: string): string | undefined {
  if (name === rootName) return undefined;
  return kafkaNames.get(name) ?? name.slice(ownPrefix.length);
}

function refuse(errorCode: number, errorMessage: string): Fault {
  return { errorCode, errorMessage };
}
