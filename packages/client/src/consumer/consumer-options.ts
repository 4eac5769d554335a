/** What a consumer may be given, and what is made of it. */
import type { Values } from '@millrace/base';

import type { ClientHost } from '../client-host.ts';
import type { RequestObserver } from '../cluster/connection.ts';
import { ClientError } from '../error.ts';
import { type OptionsOf, readOptions } from '../options/read-options.ts';
import { type SecurityOptions, securityOptionNames } from '../security/security-options.ts';
import type { TopicSerdesMap } from '../serdes/serde.ts';
import type { RebalanceCallbacks } from './assignment.ts';
import { consumerKeys } from './consumer-keys.ts';
import type { FetchRules } from './fetch/fetch-source.ts';
import type { Assignor } from './group/assignors/assignor.ts';
import { assignorsOf } from './group/assignors/strategy.ts';
import type { ReadRules } from './reading/wire-batch.ts';

export type ConsumerConfig = Values<typeof consumerKeys>;

export interface ConsumerOwnOptions<Topics extends TopicSerdesMap> extends RebalanceCallbacks {
  /** How keys and values of topics are read; without it they are bytes. */
  readonly topics?: Topics | undefined;
  /** Names as Kafka knows them, or objects. */
  readonly 'partition.assignment.strategy'?: string | readonly (string | Assignor)[] | undefined;
  /** Whether records are copied out of the answer that brought them, so that keeping one keeps its batch only. */
  readonly copyRecords?: boolean | undefined;
  /** Told of every request that was answered. */
  readonly observe?: RequestObserver | undefined;
  readonly host?: ClientHost | undefined;
}

export type ConsumerOptions<Topics extends TopicSerdesMap = TopicSerdesMap> = Omit<
  OptionsOf<typeof consumerKeys>,
  'partition.assignment.strategy'
> &
  ConsumerOwnOptions<Topics> &
  SecurityOptions;

const ownNames = [
  'topics',
  'copyRecords',
  'observe',
  'host',
  'onPartitionsAssigned',
  'onPartitionsRevoked',
  'onPartitionsLost',
  ...securityOptionNames,
];

export interface ConsumerSettings {
  readonly config: ConsumerConfig;
  /** Of a classic group; the one to prefer first. */
  readonly assignors: readonly Assignor[];
  readonly fetchRules: FetchRules;
  readonly readRules: ReadRules;
  readonly isAutoCommit: boolean;
  readonly isolationLevel: 0 | 1;
}

/** Throws `ClientError` CONFIG. */
export function consumerSettings(options: Readonly<Record<string, unknown>>): ConsumerSettings {
  const strategy = options['partition.assignment.strategy'];
  const own = Array.isArray(strategy) ? strategy.filter((entry): entry is Assignor => typeof entry === 'object') : [];
  const names = Array.isArray(strategy)
    ? strategy.map((entry: string | Assignor) => (typeof entry === 'string' ? entry : entry.name))
    : strategy;
  const config = readOptions(consumerKeys, { ...options, 'partition.assignment.strategy': names }, ownNames);
  const isolationLevel = config['isolation.level'].toLowerCase() === 'read_committed' ? 1 : 0;
  const isAutoCommit = config['enable.auto.commit'] && config['group.id'] !== null;
  if (config['group.id'] === '')
    throw new ClientError('CONFIG', 'group.id must not be empty; leave it out to read without a group.');
  const isClassic = config['group.id'] !== null && config['group.protocol'].toLowerCase() === 'classic';
  const { 'heartbeat.interval.ms': beatMs, 'session.timeout.ms': sessionMs } = config;
  if (isClassic && beatMs >= sessionMs)
    throw new ClientError(
      'CONFIG',
      `heartbeat.interval.ms (${beatMs}) must be below session.timeout.ms (${sessionMs}), a third of it at most if a lost heartbeat is to do no harm.`,
    );
  return {
    config,
    assignors: isClassic ? assignorsOf(config['partition.assignment.strategy'], own) : [],
    fetchRules: {
      minBytes: config['fetch.min.bytes'],
      maxWaitMs: config['fetch.max.wait.ms'],
      partitionBytesMax: Math.max(1, config['max.partition.fetch.bytes']),
      isolationLevel,
      rackId: config['client.rack'],
    },
    readRules: { checksAreCompared: config['check.crcs'], isCopied: options['copyRecords'] === true },
    isAutoCommit,
    isolationLevel,
  };
}
