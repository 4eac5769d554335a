import * as brokers from './broker-records.ts';
import * as configs from './config-records.ts';
import * as markers from './marker-records.ts';
import { decodeFromTable, type DecodedMetadataRecordOf } from './metadata-record.ts';
import * as security from './security-records.ts';
import * as topics from './topic-records.ts';

/** The records of `__cluster_metadata`. */
export const metadataRecords = { ...topics, ...brokers, ...configs, ...security, ...markers } as const;

type AnyRecord = (typeof metadataRecords)[keyof typeof metadataRecords];

/** Told apart by `name`. */
export type DecodedMetadata = DecodedMetadataRecordOf<AnyRecord>;

const byId = new Map<number, AnyRecord>(Object.values(metadataRecords).map((record) => [record.id, record]));

export function decodeMetadataRecord(bytes: Uint8Array): DecodedMetadata {
  return decodeFromTable(byId, bytes);
}
