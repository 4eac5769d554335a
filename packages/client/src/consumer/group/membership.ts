/**
 * The seam between reading and belonging to a group. A membership (`classic-member.ts`, `consumer-member.ts`) finds out which partitions
 * are ours; the consumer owns their state and tells the user. Neither looks into the other.
 */
import type { ClientError } from '../../error.ts';
import type { TopicPartition } from '../../record.ts';

/**
 * What is subscribed to: names, or a pattern that the client (RegExp, found anywhere in the name unless it is anchored) or the broker
 * (RE2 text, which must match the whole name, KIP-848) looks at.
 */
export interface Subscription {
  readonly topics: readonly string[];
  readonly pattern?: RegExp | { readonly re2: string };
}

/**
 * What a membership tells the consumer to do with partitions. One call at a time; each settles when the user's callback has. A call that
 * throws ends the membership: what users' callbacks throw is the owner's to keep.
 */
export interface PartitionOwner {
  /** Partitions that are ours now. */
  readonly owned: readonly TopicPartition[];
  /** These are ours too, from now on. Also called with none, as the end of a rebalance that brought nothing. */
  assign(partitions: readonly TopicPartition[]): Promise<void>;
  /**
   * No more records of these are handed out; handlers at work come to their end, offsets are committed where that is automatic, then
   * the user is told. The membership still counts while this runs.
   */
  revoke(partitions: readonly TopicPartition[]): Promise<void>;
  /** The same when they may belong to somebody else already: nothing is committed. */
  lose(partitions: readonly TopicPartition[]): Promise<void>;
  /** Something stands in the way that may go away; the membership goes on, and the user's next call or iteration throws this once. */
  complain(error: ClientError): void;
  /** Nothing more can come of this membership: the user's next call or iteration throws it. */
  fail(error: ClientError): void;
}

/** Who we are to the coordinator: what commits and transactions have to name (KIP-447). */
export interface GroupMetadata {
  readonly groupId: string;
  /** The generation of a classic group, the member's epoch of a consumer group (KIP-848); -1 outside of both. */
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

/** Used once: after `leave` comes another object. */
export interface Membership {
  readonly metadata: GroupMetadata;
  /** Whether a rebalance is at work: positions and commits may be refused for a while. */
  readonly isRebalancing: boolean;
  /** Joins, in the background, and stays until `leave`. */
  subscribe(subscription: Subscription): void;
  /**
   * The user has come for more, or got on with what he has, at this time by the monotonic clock (left out: now): `max.poll.interval.ms`
   * begins anew there. After it was exceeded, joins again.
   */
  polled(atMs?: number): void;
  /** Asks for a new assignment, for a reason that the broker logs. */
  rejoin(reason: string): void;
  /** The coordinator has said that this member or generation is not one: what it answered to a commit made `as` a member. */
  doubt(error: ClientError, as?: GroupMetadata): void;
  /** Revokes everything, then leaves; a static member stays by `stay`, or when nothing is said (KIP-345, KIP-1092). */
  leave(how?: 'leave' | 'stay'): Promise<void>;
}
