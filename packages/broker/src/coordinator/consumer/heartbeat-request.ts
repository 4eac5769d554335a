/** What ConsumerGroupHeartbeat asks, and what of it is refused before anybody looks at the group. */
import { errors, type ConsumerGroupHeartbeatRequest } from '@millrace/protocol';

import { awayEpoch } from './member.ts';

export type HeartbeatRequest = ConsumerGroupHeartbeatRequest;
export type HeldPartitions = readonly { readonly topicId: string; readonly partitions: readonly number[] }[];

/** A refusal, in Kafka's words. */
export interface Refusal {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

export interface HeartbeatAnswer {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly memberId: string | null;
  readonly memberEpoch: number;
  readonly heartbeatIntervalMs: number;
  /** Null: as it was. */
  readonly assignment: { readonly topicPartitions: HeldPartitions } | null;
}

export const joiningEpoch = 0;
export const leavingEpoch = -1;
/** From this version on a member makes its own id. */
const ownIdSince = 1;

export function refusal(errorCode: number, errorMessage: string | null = null): Refusal {
  return { errorCode, errorMessage };
}

export function isRefusal(outcome: object): outcome is Refusal {
  return 'errorCode' in outcome && outcome.errorCode !== errors.NONE;
}

export function refusedHeartbeat({ errorCode, errorMessage }: Refusal): HeartbeatAnswer {
  return { errorCode, errorMessage, memberId: null, memberEpoch: 0, heartbeatIntervalMs: 0, assignment: null };
}

export function heartbeatFault(
  request: HeartbeatRequest,
  apiVersion: number,
  assignors: readonly string[],
): Refusal | undefined {
  const text = textFault(request, apiVersion);
  if (text !== undefined) return refusal(errors.INVALID_REQUEST, text);
  const { serverAssignor } = request;
  if (serverAssignor === null || assignors.includes(serverAssignor)) return undefined;
  return refusal(
    errors.UNSUPPORTED_ASSIGNOR,
    `ServerAssignor ${serverAssignor} is not supported. Supported assignors: ${assignors.join(', ')}.`,
  );
}

function textFault(request: HeartbeatRequest, apiVersion: number): string | undefined {
  const { memberId, memberEpoch } = request;
  const knowsItsId = apiVersion >= ownIdSince || memberEpoch > 0 || memberEpoch === leavingEpoch;
  if (knowsItsId && isBlank(memberId)) return "MemberId can't be empty.";
  if (isBlank(request.groupId)) return "GroupId can't be empty.";
  if (isBlank(request.instanceId)) return "InstanceId can't be empty.";
  if (isBlank(request.rackId)) return "RackId can't be empty.";
  if (memberEpoch === joiningEpoch) return joinFault(request);
  if (memberEpoch === awayEpoch) return request.instanceId === null ? "InstanceId can't be null." : undefined;
  return memberEpoch < awayEpoch ? 'MemberEpoch is invalid.' : undefined;
}

function joinFault(request: HeartbeatRequest): string | undefined {
  if (request.rebalanceTimeoutMs === -1) return 'RebalanceTimeoutMs must be provided in first request.';
  if (request.topicPartitions?.length !== 0) return 'TopicPartitions must be empty when (re-)joining.';
  if (request.subscribedTopicNames === null && request.subscribedTopicRegex === null)
    return 'Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.';
  return undefined;
}

function isBlank(text: string | null): boolean {
  return text !== null && text.trim() === '';
}
