/** Events under the names that programs annotate their listeners with. */
import type { InstrumentationEvent } from '../events.ts';
import type { ConsumerPayloads } from './consumer.ts';
import type { ConnectPayload, RequestPayload, RequestQueueSizePayload, RequestTimeoutPayload } from './kafka.ts';

export type ConnectEvent = InstrumentationEvent<ConnectPayload>;
export type DisconnectEvent = InstrumentationEvent<ConnectPayload>;
export type RequestEvent = InstrumentationEvent<RequestPayload>;
export type RequestTimeoutEvent = InstrumentationEvent<RequestTimeoutPayload>;
export type RequestQueueSizeEvent = InstrumentationEvent<RequestQueueSizePayload>;

type OfConsumer<Name extends keyof ConsumerPayloads> = InstrumentationEvent<ConsumerPayloads[Name]>;

export type ConsumerHeartbeatEvent = OfConsumer<'HEARTBEAT'>;
export type ConsumerCommitOffsetsEvent = OfConsumer<'COMMIT_OFFSETS'>;
export type ConsumerGroupJoinEvent = OfConsumer<'GROUP_JOIN'>;
export type ConsumerFetchStartEvent = OfConsumer<'FETCH_START'>;
export type ConsumerFetchEvent = OfConsumer<'FETCH'>;
export type ConsumerStartBatchProcessEvent = OfConsumer<'START_BATCH_PROCESS'>;
export type ConsumerEndBatchProcessEvent = OfConsumer<'END_BATCH_PROCESS'>;
export type ConsumerCrashEvent = OfConsumer<'CRASH'>;
export type ConsumerRebalancingEvent = OfConsumer<'REBALANCING'>;
/** Spelled as kafkajs spells it. */
export type ConsumerReceivedUnsubcribedTopicsEvent = OfConsumer<'RECEIVED_UNSUBSCRIBED_TOPICS'>;
