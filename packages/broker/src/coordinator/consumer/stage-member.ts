/** A member of a consumer group as its clients behave, for tests: it takes what it is given and gives up what it is not given any more. */
import { errors } from '@millrace/protocol';

import type { Stage } from '../stage.ts';
import type { HeartbeatAnswer, HeartbeatRequest } from './heartbeat-request.ts';

export class StageMember {
  readonly id: string;
  /** Another one after a restart. */
  stage: Stage;
  readonly #groupId: string;
  epoch = 0;
  says: Partial<HeartbeatRequest>;
  /** By topic id. */
  holds = new Map<string, Set<number>>();
  /** What it was told to have, and has not taken notice of yet. */
  #told: HeartbeatAnswer['assignment'] = null;
  /** Its next heartbeat says what it holds. */
  #hasNews = false;
  /** Its next heartbeat says this, too. */
  #saysNext: Partial<HeartbeatRequest> = {};
  errorCode: number = errors.NONE;

  constructor(stage: Stage, id: string, says: Partial<HeartbeatRequest>, groupId = 'g') {
    this.stage = stage;
    this.id = id;
    this.says = { rebalanceTimeoutMs: 60_000, ...says };
    this.#groupId = groupId;
  }

  get isIn(): boolean {
    return this.epoch > 0;
  }

  /** One heartbeat; `isLost`: its answer does not arrive. */
  beat({ isLost = false }: { readonly isLost?: boolean } = {}): HeartbeatAnswer {
    const isFirst = this.epoch === 0;
    if (isFirst) this.holds.clear();
    const outcome = this.stage.consumer({
      groupId: this.#groupId,
      memberId: this.id,
      memberEpoch: this.epoch,
      instanceId: this.says.instanceId ?? null,
      ...(isFirst ? this.says : this.#saysNext),
      ...(isFirst || this.#hasNews ? { topicPartitions: this.#held() } : {}),
    });
    const answer = outcome.get();
    this.errorCode = answer.errorCode;
    // Who got no answer says everything again.
    this.#saysNext = isLost ? this.says : {};
    this.#hasNews = isLost;
    if (isLost) return answer;
    this.#take(answer);
    return answer;
  }

  /** Carries out what it was told, as a client does between two heartbeats. */
  follow(): void {
    if (this.#told === null) return;
    this.holds = new Map(this.#told.topicPartitions.map(({ topicId, partitions }) => [topicId, new Set(partitions)]));
    this.#told = null;
    this.#hasNews = true;
  }

  change(says: Partial<HeartbeatRequest>): void {
    this.says = { ...this.says, ...says };
    this.#saysNext = { ...this.#saysNext, ...says };
  }

  leave(epoch = -1): HeartbeatAnswer {
    const answer = this.stage
      .consumer({
        groupId: this.#groupId,
        memberId: this.id,
        memberEpoch: epoch,
        instanceId: this.says.instanceId ?? null,
      })
      .get();
    this.forget();
    return answer;
  }

  /** It was fenced, or left: it holds nothing any more. */
  forget(): void {
    this.epoch = 0;
    this.holds.clear();
    this.#told = null;
  }

  #take({ errorCode, memberEpoch, assignment }: HeartbeatAnswer): void {
    switch (errorCode) {
      case errors.NONE:
        this.epoch = memberEpoch;
        if (assignment !== null) this.#told = assignment;
        return;
      case errors.FENCED_MEMBER_EPOCH:
      case errors.UNKNOWN_MEMBER_ID:
      case errors.GROUP_ID_NOT_FOUND:
        this.forget();
    }
  }

  #held(): { topicId: string; partitions: number[] }[] {
    return [...this.holds].map(([topicId, partitions]) => ({ topicId, partitions: [...partitions] }));
  }
}

/** Everyone heartbeats and follows until nothing changes any more. */
export function settle(members: readonly StageMember[], roundsMax = 20): void {
  for (let round = 0; round < roundsMax; round++) {
    const before = members[0]?.stage.logs;
    const written = writtenIn(before);
    for (const member of members) {
      if (!member.isIn && member.errorCode !== errors.NONE) continue;
      member.beat();
      member.follow();
    }
    if (round > 1 && writtenIn(before) === written) return;
  }
}

function writtenIn(logs: ReadonlyMap<number, readonly Buffer[]> | undefined): number {
  return [...(logs?.values() ?? [])].reduce((sum, batches) => sum + batches.length, 0);
}
