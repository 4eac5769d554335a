/** What is sent, what is told of it, and the producer's own surface. */
import type { CompressionTypes } from '../enums.ts';
import type { InstrumentationEvent, producerEvents, RemoveInstrumentationEventListener } from '../events.ts';
import type { Logger } from '../logger.ts';
import type { RetryOptions } from '../retry.ts';
import type { Offsets, PartitionMetadata } from './cluster.ts';
import type { RequestPayload, RequestQueueSizePayload, RequestTimeoutPayload } from './kafka.ts';

export interface IHeaders {
  [key: string]: Buffer | string | (Buffer | string)[] | undefined;
}

export interface Message {
  key?: Buffer | string | null;
  value: Buffer | string | null;
  partition?: number;
  headers?: IHeaders;
  timestamp?: string;
}

export interface PartitionerArgs {
  topic: string;
  partitionMetadata: PartitionMetadata[];
  message: Message;
}

export type ICustomPartitioner = () => (args: PartitionerArgs) => number;
export type DefaultPartitioner = ICustomPartitioner;
export type LegacyPartitioner = ICustomPartitioner;

export interface ProducerConfig {
  createPartitioner?: ICustomPartitioner;
  retry?: RetryOptions;
  metadataMaxAge?: number;
  allowAutoTopicCreation?: boolean;
  idempotent?: boolean;
  transactionalId?: string;
  transactionTimeout?: number;
  maxInFlightRequests?: number;
}

export interface TopicMessages {
  topic: string;
  messages: Message[];
}

interface SendSettings {
  acks?: number;
  timeout?: number;
  compression?: CompressionTypes;
}

export interface ProducerRecord extends SendSettings, TopicMessages {}

export interface ProducerBatch extends SendSettings {
  topicMessages?: TopicMessages[];
}

export type RecordMetadata = {
  topicName: string;
  partition: number;
  errorCode: number;
  offset?: string;
  timestamp?: string;
  baseOffset?: string;
  logAppendTime?: string;
  logStartOffset?: string;
};

export type Sender = {
  send(record: ProducerRecord): Promise<RecordMetadata[]>;
  sendBatch(batch: ProducerBatch): Promise<RecordMetadata[]>;
};

export type ProducerEvents = typeof producerEvents;

interface ProducerPayloads {
  CONNECT: null;
  DISCONNECT: null;
  REQUEST: RequestPayload;
  REQUEST_TIMEOUT: RequestTimeoutPayload;
  REQUEST_QUEUE_SIZE: RequestQueueSizePayload;
}

/** One way to listen for each event, then one for all. */
export type Listening<Events, Payloads extends { [K in keyof Events]: unknown }> = UnionToIntersection<
  {
    [K in keyof Events]: (
      eventName: Events[K],
      listener: (event: InstrumentationEvent<Payloads[K]>) => void,
    ) => RemoveInstrumentationEventListener<Events[K]>;
  }[keyof Events]
> &
  // oxlint-disable-next-line typescript/no-explicit-any -- the surface has any here
  ((
    eventName: Events[keyof Events],
    listener: (event: InstrumentationEvent<any>) => void,
  ) => RemoveInstrumentationEventListener<Events[keyof Events]>);

type UnionToIntersection<U> = (U extends unknown ? (one: U) => void : never) extends (all: infer I) => void ? I : never;

export type Producer = Sender & {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  isIdempotent(): boolean;
  readonly events: ProducerEvents;
  on: Listening<ProducerEvents, ProducerPayloads>;
  transaction(): Promise<Transaction>;
  logger(): Logger;
};

export type Transaction = Sender & {
  sendOffsets(offsets: Offsets & { consumerGroupId: string }): Promise<void>;
  commit(): Promise<void>;
  abort(): Promise<void>;
  isActive(): boolean;
};
