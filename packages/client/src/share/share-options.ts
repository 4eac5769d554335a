/** What a share consumer may be given, and what is made of it. */
import type { Values } from '@millrace/base';

import type { ClientHost } from '../client-host.ts';
import type { RequestObserver } from '../cluster/connection.ts';
import type { ReadRules } from '../consumer/reading/wire-batch.ts';
import { ClientError } from '../error.ts';
import { type OptionsOf, readOptions } from '../options/read-options.ts';
import { type SecurityOptions, securityOptionNames } from '../security/security-options.ts';
import type { TopicSerdesMap } from '../serdes/serde.ts';
import type { AcknowledgementCallback } from './acknowledgement.ts';
import { shareKeys } from './share-keys.ts';

export interface ShareOwnOptions<Topics extends TopicSerdesMap> {
  /** How keys and values of topics are read; without it they are bytes. */
  readonly topics?: Topics | undefined;
  /** Told what brokers have said to acknowledgements, however they were sent. */
  readonly onAcknowledgementCommit?: AcknowledgementCallback | undefined;
  /** Whether records are copied out of the answer that brought them, so that keeping one keeps its batch only. */
  readonly copyRecords?: boolean | undefined;
  /** Told of every request that was answered. */
  readonly observe?: RequestObserver | undefined;
  readonly host?: ClientHost | undefined;
}

export type ShareConsumerOptions<Topics extends TopicSerdesMap = TopicSerdesMap> = OptionsOf<typeof shareKeys> &
  ShareOwnOptions<Topics> &
  SecurityOptions;

const ownNames = ['topics', 'onAcknowledgementCommit', 'copyRecords', 'observe', 'host', ...securityOptionNames];
/** Of the other consumer, and why they are not here. */
const foreign = new Map([
  ['auto.offset.reset', 'the config share.auto.offset.reset of the group says where it begins'],
  ['isolation.level', 'the config share.isolation.level of the group says which records it sees'],
  ['enable.auto.commit', 'share.acknowledgement.mode says who acknowledges'],
  ['group.protocol', 'share groups have one protocol'],
  ['group.instance.id', 'share groups have no static members'],
  ['group.remote.assignor', 'the broker alone chooses how share groups are shared out'],
  ['partition.assignment.strategy', 'the broker shares partitions out'],
  ['session.timeout.ms', 'the config share.session.timeout.ms of the group says it'],
  ['heartbeat.interval.ms', 'the config share.heartbeat.interval.ms of the group says it'],
]);

export interface ShareSettings {
  readonly config: Values<typeof shareKeys>;
  readonly groupId: string;
  readonly isImplicit: boolean;
  readonly isRecordLimit: boolean;
  readonly readRules: ReadRules;
}

/** Throws `ClientError` CONFIG. */
export function shareSettings(options: Readonly<Record<string, unknown>>): ShareSettings {
  for (const [name, why] of foreign)
    if (options[name] !== undefined)
      throw new ClientError('CONFIG', `A share consumer has no option "${name}": ${why}.`);
  const config = readOptions(shareKeys, options, ownNames);
  const groupId = config['group.id'];
  if (groupId === null || groupId === '')
    throw new ClientError('CONFIG', 'A share consumer needs a group.id that is not empty.');
  return {
    config,
    groupId,
    isImplicit: config['share.acknowledgement.mode'].toLowerCase() === 'implicit',
    isRecordLimit: config['share.acquire.mode'].toLowerCase() === 'record_limit',
    readRules: { checksAreCompared: config['check.crcs'], isCopied: options['copyRecords'] === true },
  };
}
