/**
 * A member of a classic group. What is stored comes back after a restart; who waits for an answer, what else the member could do,
 * and when its session ends do not.
 */
import type { Deadline } from './deadline.ts';
import type { Waiter } from './waiter.ts';

/** One thing a member can do (an assignor's name), with metadata that only clients understand. */
export interface Protocol {
  readonly name: string;
  readonly metadata: Buffer;
}

export interface JoinedMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly metadata: Buffer;
}

export interface JoinAnswer {
  readonly errorCode: number;
  readonly generationId: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly leader: string;
  readonly skipAssignment: boolean;
  readonly memberId: string;
  readonly members: readonly JoinedMember[];
}

export interface SyncAnswer {
  readonly errorCode: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly assignment: Buffer;
}

export interface Identity {
  readonly id: string;
  /** Static members keep their place in the group over a restart. */
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
}

export interface Terms {
  readonly rebalanceTimeoutMs: number;
  readonly sessionTimeoutMs: number;
  readonly protocols: readonly Protocol[];
}

export const noBytes: Buffer = Buffer.alloc(0);

export class Member {
  readonly id: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly session: Deadline;
  rebalanceTimeoutMs: number;
  sessionTimeoutMs: number;
  /** In the order the member likes best. */
  protocols: readonly Protocol[];
  assignment = noBytes;
  joining: Waiter<JoinAnswer> | undefined = undefined;
  syncing: Waiter<SyncAnswer> | undefined = undefined;
  /** Waits in its first join, so that it does not know its id yet and cannot heartbeat. */
  isNew = false;

  constructor(identity: Identity, terms: Terms, session: Deadline) {
    this.id = identity.id;
    this.instanceId = identity.instanceId;
    this.clientId = identity.clientId;
    this.clientHost = identity.clientHost;
    this.rebalanceTimeoutMs = terms.rebalanceTimeoutMs;
    this.sessionTimeoutMs = terms.sessionTimeoutMs;
    this.protocols = terms.protocols;
    this.session = session;
  }

  get isStatic(): boolean {
    return this.instanceId !== null;
  }

  /** While it waits for an answer of ours it cannot heartbeat, and need not. */
  get isExcused(): boolean {
    return !this.isNew && (this.joining !== undefined || this.syncing !== undefined);
  }

  metadata(protocolName: string): Buffer {
    return this.protocols.find(({ name }) => name === protocolName)?.metadata ?? noBytes;
  }

  /** Nothing changed that an assignor could see. */
  offers(protocols: readonly Protocol[]): boolean {
    return (
      protocols.length === this.protocols.length &&
      protocols.every(({ name, metadata }, index) => {
        const own = this.protocols[index];
        return own !== undefined && own.name === name && own.metadata.equals(metadata);
      })
    );
  }

  keepAlive(): void {
    this.session.set(this.sessionTimeoutMs);
  }
}
