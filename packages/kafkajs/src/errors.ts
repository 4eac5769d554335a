/** The error classes that programs compare by `name`, `type`, `code`, `retriable` or `instanceof`. Texts are our own. */
import type { PartitionMetadata } from './types/cluster.ts';

export interface KafkaJSErrorMetadata {
  retriable?: boolean;
  topic?: string;
  partitionId?: number;
  metadata?: PartitionMetadata;
}

interface ErrorOptionsOfKafkaJS extends KafkaJSErrorMetadata {
  cause?: unknown;
}

type Said = Error | string;

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const textOf = (said: Said): string =>
  isObject(said) && typeof said.message === 'string' ? said.message : String(said);

export class KafkaJSError extends Error {
  override name = 'KafkaJSError';
  readonly retriable: boolean;
  readonly helpUrl?: string;
  override readonly cause?: Error;

  constructor(said: Said = '', { retriable = true, cause }: ErrorOptionsOfKafkaJS = {}) {
    super(textOf(said));
    this.retriable = retriable;
    const helpUrl = isObject(said) ? (said as { helpUrl?: string }).helpUrl : undefined;
    if (helpUrl !== undefined) this.helpUrl = helpUrl;
    if (cause !== undefined) this.cause = cause as Error;
  }
}

export class KafkaJSNonRetriableError extends KafkaJSError {
  override name = 'KafkaJSNonRetriableError';

  constructor(said: Said = '', { cause }: ErrorOptionsOfKafkaJS = {}) {
    super(said, { retriable: false, cause });
  }
}

/** What a broker answered. */
export class KafkaJSProtocolError extends KafkaJSError {
  override name = 'KafkaJSProtocolError';
  readonly type: string;
  readonly code: number;

  constructor(said: Said, options: ErrorOptionsOfKafkaJS = {}) {
    const { type, code, retriable } = said as Error & { type: string; code: number; retriable?: boolean };
    super(said, { retriable: options.retriable ?? retriable ?? true });
    this.type = type;
    this.code = code;
  }
}

export interface KafkaJSOffsetOutOfRangeMetadata {
  topic: string;
  partition: number;
}

export class KafkaJSOffsetOutOfRange extends KafkaJSProtocolError {
  override name = 'KafkaJSOffsetOutOfRange';
  readonly topic: string;
  readonly partition: number;

  constructor(said: Said, { topic, partition }: KafkaJSOffsetOutOfRangeMetadata = {} as never) {
    super(said);
    this.topic = topic;
    this.partition = partition;
  }
}

export class KafkaJSMemberIdRequired extends KafkaJSProtocolError {
  override name = 'KafkaJSMemberIdRequired';
  readonly memberId: string;

  constructor(said: Said, { memberId }: { memberId: string }) {
    super(said);
    this.memberId = memberId;
  }
}

export interface KafkaJSNumberOfRetriesExceededMetadata {
  retryCount: number;
  retryTime: number;
}

export class KafkaJSNumberOfRetriesExceeded extends KafkaJSNonRetriableError {
  override name = 'KafkaJSNumberOfRetriesExceeded';
  override stack: string;
  readonly retryCount: number;
  readonly retryTime: number;

  constructor(said: Said, { retryCount, retryTime }: KafkaJSNumberOfRetriesExceededMetadata = {} as never) {
    super(said, { cause: said });
    this.stack = `${this.name}\n  Caused by: ${isObject(said) ? (said as Error).stack : said}`;
    this.retryCount = retryCount;
    this.retryTime = retryTime;
  }
}

export interface KafkaJSConnectionErrorMetadata {
  broker?: string;
  code?: string;
}

export class KafkaJSConnectionError extends KafkaJSError {
  override name = 'KafkaJSConnectionError';
  readonly broker: string;
  readonly code?: string;

  constructor(said: Said, { broker, code }: KafkaJSConnectionErrorMetadata = {}) {
    super(said);
    this.broker = broker as string;
    if (code !== undefined) this.code = code;
  }
}

export class KafkaJSConnectionClosedError extends KafkaJSConnectionError {
  override name = 'KafkaJSConnectionClosedError';
  readonly host: string;
  readonly port: number;

  constructor(said: Said, { host, port }: { host: string; port: number } = {} as never) {
    super(said, { broker: `${host}:${port}` });
    this.host = host;
    this.port = port;
  }
}

export interface KafkaJSRequestTimeoutErrorMetadata {
  broker: string;
  clientId: string;
  correlationId: number;
  createdAt: number;
  sentAt: number;
  pendingDuration: number;
}

export class KafkaJSRequestTimeoutError extends KafkaJSError {
  override name = 'KafkaJSRequestTimeoutError';
  readonly broker: string;
  readonly correlationId: number;
  readonly createdAt: number;
  readonly sentAt: number;
  readonly pendingDuration: number;

  constructor(
    said: Said,
    { broker, correlationId, createdAt, sentAt, pendingDuration }: KafkaJSRequestTimeoutErrorMetadata = {} as never,
  ) {
    super(said);
    this.broker = broker;
    this.correlationId = correlationId;
    this.createdAt = createdAt;
    this.sentAt = sentAt;
    this.pendingDuration = pendingDuration;
  }
}

export class KafkaJSMetadataNotLoaded extends KafkaJSError {
  override name = 'KafkaJSMetadataNotLoaded';
}

export interface KafkaJSTopicMetadataNotLoadedMetadata {
  topic: string;
}

export class KafkaJSTopicMetadataNotLoaded extends KafkaJSMetadataNotLoaded {
  override name = 'KafkaJSTopicMetadataNotLoaded';
  readonly topic: string;

  constructor(said: Said, { topic }: KafkaJSTopicMetadataNotLoadedMetadata = {} as never) {
    super(said);
    this.topic = topic;
  }
}

export interface KafkaJSStaleTopicMetadataAssignmentMetadata {
  topic: string;
  unknownPartitions: PartitionMetadata[];
}

export class KafkaJSStaleTopicMetadataAssignment extends KafkaJSError {
  override name = 'KafkaJSStaleTopicMetadataAssignment';
  readonly topic: string;
  readonly unknownPartitions: number;

  constructor(said: Said, { topic, unknownPartitions }: KafkaJSStaleTopicMetadataAssignmentMetadata = {} as never) {
    super(said);
    this.topic = topic;
    this.unknownPartitions = unknownPartitions as unknown as number;
  }
}

export interface KafkaJSServerDoesNotSupportApiKeyMetadata {
  apiKey: number;
  apiName: string;
}

export class KafkaJSServerDoesNotSupportApiKey extends KafkaJSNonRetriableError {
  override name = 'KafkaJSServerDoesNotSupportApiKey';
  readonly apiKey: number;
  readonly apiName: string;

  constructor(said: Said, { apiKey, apiName }: KafkaJSServerDoesNotSupportApiKeyMetadata = {} as never) {
    super(said);
    this.apiKey = apiKey;
    this.apiName = apiName;
  }
}

export class KafkaJSBrokerNotFound extends KafkaJSError {
  override name = 'KafkaJSBrokerNotFound';
}

export class KafkaJSPartialMessageError extends KafkaJSNonRetriableError {
  override name = 'KafkaJSPartialMessageError';
}

export class KafkaJSSASLAuthenticationError extends KafkaJSNonRetriableError {
  override name = 'KafkaJSSASLAuthenticationError';
}

export class KafkaJSGroupCoordinatorNotFound extends KafkaJSNonRetriableError {
  override name = 'KafkaJSGroupCoordinatorNotFound';
}

export class KafkaJSNotImplemented extends KafkaJSNonRetriableError {
  override name = 'KafkaJSNotImplemented';
}

export class KafkaJSTimeout extends KafkaJSNonRetriableError {
  override name = 'KafkaJSTimeout';
}

export class KafkaJSLockTimeout extends KafkaJSTimeout {
  override name = 'KafkaJSLockTimeout';
}

export class KafkaJSUnsupportedMagicByteInMessageSet extends KafkaJSNonRetriableError {
  override name = 'KafkaJSUnsupportedMagicByteInMessageSet';
}

export interface GroupFailure {
  groupId: string;
  errorCode?: number;
  error?: KafkaJSProtocolError;
}

export interface KafkaJSDeleteGroupsErrorGroups {
  groupId: string;
  errorCode: number;
  error: KafkaJSError;
}

export class KafkaJSDeleteGroupsError extends KafkaJSError {
  override name = 'KafkaJSDeleteGroupsError';
  readonly groups: GroupFailure[];

  constructor(said: Said, groups: KafkaJSDeleteGroupsErrorGroups[] = []) {
    super(said);
    this.groups = groups as GroupFailure[];
  }
}

export interface KafkaJSDeleteTopicRecordsErrorPartition {
  partition: number;
  offset: string;
  error: KafkaJSError;
}

export interface KafkaJSDeleteTopicRecordsErrorTopic {
  topic: string;
  partitions: KafkaJSDeleteTopicRecordsErrorPartition[];
}

export class KafkaJSDeleteTopicRecordsError extends KafkaJSError {
  override name = 'KafkaJSDeleteTopicRecordsError';

  constructor({ partitions }: KafkaJSDeleteTopicRecordsErrorTopic) {
    const failures = partitions.filter(({ error }) => error !== null && error !== undefined);
    super('Records of some partitions could not be deleted.', {
      retriable: failures.every(({ error }) => error.retriable),
    });
    // Which partitions, and why: there at run time, and not in the declarations of kafkajs.
    Object.assign(this, { partitions });
  }
}

export class KafkaJSInvariantViolation extends KafkaJSNonRetriableError {
  override name = 'KafkaJSInvariantViolation';
  override readonly helpUrl = 'https://www.npmjs.com/package/@millrace/kafkajs';

  constructor(said: Said) {
    super(`What cannot be has happened: ${textOf(said)}. Please report it.`);
  }
}

/** Programs know these two by the name of their parent. */
export class KafkaJSInvalidVarIntError extends KafkaJSNonRetriableError {}
export class KafkaJSInvalidLongError extends KafkaJSNonRetriableError {}

export class KafkaJSCreateTopicError extends KafkaJSProtocolError {
  override name = 'KafkaJSCreateTopicError';
  readonly topic: string;

  constructor(said: Said, topic: string) {
    super(said);
    this.topic = topic;
  }
}

export class KafkaJSAlterPartitionReassignmentsError extends KafkaJSProtocolError {
  override name = 'KafkaJSAlterPartitionReassignmentsError';
  readonly topic?: string;
  readonly partition?: number;

  constructor(said: Said, topic?: string, partition?: number) {
    super(said);
    if (topic !== undefined) this.topic = topic;
    if (partition !== undefined) this.partition = partition;
  }
}

export class KafkaJSAggregateError extends Error {
  override name = 'KafkaJSAggregateError';
  readonly errors: (Error | string)[];

  constructor(said: Said, errors: (Error | string)[]) {
    super(textOf(said));
    this.errors = errors;
  }
}

export class KafkaJSFetcherRebalanceError extends Error {}

export class KafkaJSNoBrokerAvailableError extends KafkaJSError {
  override name = 'KafkaJSNoBrokerAvailableError';

  constructor() {
    super('The cluster names no broker.');
  }
}
