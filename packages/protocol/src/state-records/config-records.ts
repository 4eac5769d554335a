import { arrayOf, bool, float64, int16, int32, int64, int8, nullable, string } from '../schema.ts';
import { metadataRecord } from './metadata-record.ts';

/** One setting of a resource. */
export const configRecord = metadataRecord(4, 'ConfigRecord', '0', {
  resourceType: int8(),
  resourceName: string(),
  name: string(),
  /** Null: the setting is removed. */
  value: nullable(string()),
});

/** One quota of an entity. */
export const clientQuotaRecord = metadataRecord(14, 'ClientQuotaRecord', '0', {
  entity: arrayOf({
    entityType: string(),
    entityName: nullable(string()),
  }),
  key: string(),
  value: float64(),
  /** The quota is removed, and `value` means nothing. */
  remove: bool(),
});

/** The finalized level of a feature. */
export const featureLevelRecord = metadataRecord(12, 'FeatureLevelRecord', '0', {
  name: string(),
  /** 0: the feature is off. */
  featureLevel: int16(),
});

/** A block of producer ids was given out. */
export const producerIdsRecord = metadataRecord(15, 'ProducerIdsRecord', '0', {
  brokerId: int32(),
  brokerEpoch: int64({ default: -1 }),
  /** The first id that no broker was given yet. */
  nextProducerId: int64(),
});

/** How far a migration from ZooKeeper is; always 0 in new clusters. */
export const zkMigrationStateRecord = metadataRecord(21, 'ZkMigrationStateRecord', '0', {
  zkMigrationState: int8(),
});
