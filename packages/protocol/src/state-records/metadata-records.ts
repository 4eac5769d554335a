import {
  topicRecord,
  partitionRecord,
  partitionChangeRecord,
  removeTopicRecord,
  clearElrRecord,
} from './topic-records.ts';
import {
  registerBrokerRecord,
  unregisterBrokerRecord,
  fenceBrokerRecord,
  unfenceBrokerRecord,
  brokerRegistrationChangeRecord,
  registerControllerRecord,
  unregisterControllerRecord,
} from './broker-records.ts';
import {
  configRecord,
  clientQuotaRecord,
  featureLevelRecord,
  producerIdsRecord,
  zkMigrationStateRecord,
} from './config-records.ts';
import {
  accessControlEntryRecord,
  removeAccessControlEntryRecord,
  userScramCredentialRecord,
  removeUserScramCredentialRecord,
  delegationTokenRecord,
  removeDelegationTokenRecord,
} from './security-records.ts';
import { noOpRecord, beginTransactionRecord, endTransactionRecord, abortTransactionRecord } from './marker-records.ts';
import { decodeFromTable, type DecodedMetadataRecordOf } from './metadata-record.ts';

/** The records of `__cluster_metadata`. */
export const metadataRecords = {
  topicRecord,
  partitionRecord,
  partitionChangeRecord,
  removeTopicRecord,
  clearElrRecord,
  registerBrokerRecord,
  unregisterBrokerRecord,
  fenceBrokerRecord,
  unfenceBrokerRecord,
  brokerRegistrationChangeRecord,
  registerControllerRecord,
  unregisterControllerRecord,
  configRecord,
  clientQuotaRecord,
  featureLevelRecord,
  producerIdsRecord,
  zkMigrationStateRecord,
  accessControlEntryRecord,
  removeAccessControlEntryRecord,
  userScramCredentialRecord,
  removeUserScramCredentialRecord,
  delegationTokenRecord,
  removeDelegationTokenRecord,
  noOpRecord,
  beginTransactionRecord,
  endTransactionRecord,
  abortTransactionRecord,
} as const;

type AnyRecord = (typeof metadataRecords)[keyof typeof metadataRecords];

/** Told apart by `name`. */
export type DecodedMetadata = DecodedMetadataRecordOf<AnyRecord>;

const byId = new Map<number, AnyRecord>(Object.values(metadataRecords).map((record) => [record.id, record]));

export function decodeMetadataRecord(bytes: Uint8Array): DecodedMetadata {
  return decodeFromTable(byId, bytes);
}
