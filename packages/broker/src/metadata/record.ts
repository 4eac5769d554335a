/** The records of the metadata log as this broker uses them, in Kafka's own encoding (`__cluster_metadata`). */
import {
  DecodeError,
  decodeMetadataRecord as decode,
  encodeMetadataRecord as encode,
  metadataRecords,
} from '@millrace/protocol';

import type { ClientQuotaRecord } from '../quota/quota-table.ts';

const {
  topicRecord,
  partitionRecord,
  removeTopicRecord,
  configRecord,
  clientQuotaRecord,
  producerIdsRecord,
  featureLevelRecord,
} = metadataRecords;

export type MetadataRecord =
  | { readonly type: 'TopicRecord'; readonly name: string; readonly topicId: string }
  | {
      readonly type: 'PartitionRecord';
      readonly topicId: string;
      readonly partitionId: number;
      readonly leaderEpoch: number;
      readonly partitionEpoch: number;
      /** The id of the log directory that the only replica lies in. */
      readonly directory?: string | undefined;
    }
  | { readonly type: 'RemoveTopicRecord'; readonly topicId: string }
  | {
      readonly type: 'ConfigRecord';
      readonly resourceType: number;
      readonly resourceName: string;
      readonly name: string;
      readonly value: string | null;
    }
  | ClientQuotaRecord
  | { readonly type: 'ProducerIdsRecord'; readonly nextProducerId: number }
  | { readonly type: 'FeatureLevelRecord'; readonly name: string; readonly featureLevel: number };

/** `nodeId` is the only replica of every partition here. */
export function encodeMetadataRecord(record: MetadataRecord, nodeId: number): Uint8Array {
  switch (record.type) {
    case 'TopicRecord':
      return encode(topicRecord, 0, record);
    case 'PartitionRecord':
      return encode(partitionRecord, 1, {
        ...record,
        replicas: [nodeId],
        isr: [nodeId],
        removingReplicas: [],
        addingReplicas: [],
        leader: nodeId,
        directories: record.directory === undefined ? [] : [record.directory],
      });
    case 'RemoveTopicRecord':
      return encode(removeTopicRecord, 0, record);
    case 'ConfigRecord':
      return encode(configRecord, 0, record);
    case 'ClientQuotaRecord':
      return encode(clientQuotaRecord, 0, record);
    case 'ProducerIdsRecord':
      return encode(producerIdsRecord, 0, { brokerId: nodeId, nextProducerId: record.nextProducerId });
    case 'FeatureLevelRecord':
      return encode(featureLevelRecord, 0, record);
  }
}

/** Throws DecodeError for a record that this version does not know: state is not guessed. */
export function decodeMetadataRecord(bytes: Uint8Array): MetadataRecord {
  const { name, value } = decode(bytes);
  switch (name) {
    case 'TopicRecord':
      return { type: name, ...value };
    case 'PartitionRecord': {
      const { topicId, partitionId, leaderEpoch, partitionEpoch, directories } = value;
      return { type: name, topicId, partitionId, leaderEpoch, partitionEpoch, directory: directories?.[0] };
    }
    case 'RemoveTopicRecord':
      return { type: name, ...value };
    case 'ConfigRecord':
      return { type: name, ...value };
    case 'ClientQuotaRecord':
      return { type: name, ...value };
    case 'ProducerIdsRecord':
      return { type: name, ...value };
    case 'FeatureLevelRecord':
      return { type: name, ...value };
    default:
      throw new DecodeError(`the metadata log holds a ${name}, which this version of Millrace does not know`);
  }
}
