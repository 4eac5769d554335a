export { nodeClientHost, type ClientHost } from './client-host.ts';
export {
  Cluster,
  type ClientConfig,
  type ClusterOptions,
  type RequestOptions,
  type Target,
} from './cluster/cluster.ts';
export type { BrokerNode, PartitionMetadata, TopicMetadata } from './cluster/topic-metadata.ts';
export type { GroupMetadata, Membership, PartitionOwner, Subscription } from './consumer/group/membership.ts';
export { ClientError, isClientError, type ClientErrorCode, type OwnErrorCode } from './error.ts';
export { clientKeys } from './options/client-keys.ts';
export { readOptions, type OptionsOf } from './options/read-options.ts';
export type { OauthBearerToken } from './security/oauth-bearer.ts';
export type { SaslExchange, SaslMechanism } from './security/sasl-mechanism.ts';
export { type SaslCredentials, securityOptionNames, type SecurityOptions } from './security/security-options.ts';
export {
  partitionKey,
  type Header,
  type HeadersInput,
  type OffsetAndMetadata,
  type TopicPartition,
  type TopicPartitionOffset,
} from './record.ts';
