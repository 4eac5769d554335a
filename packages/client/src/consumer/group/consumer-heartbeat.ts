/**
 * What each heartbeat of a KIP-848 member says. In: what is true of the member now. Out: a request with all of it when the coordinator may
 * not know (joining, after anything that went wrong), else with what has changed since the last one that was answered.
 */
import type { ExactRequestInput } from '@millrace/protocol';

import type { Subscription } from './membership.ts';

export interface MemberTruth {
  readonly memberId: string;
  readonly memberEpoch: number;
  /** By the names that a RegExp matches now, in order. */
  readonly topics: readonly string[];
  readonly pattern: Subscription['pattern'];
  /** What the member has, by topic id. */
  readonly held: ReadonlyMap<string, readonly number[]>;
}

export interface HeartbeatFixtures {
  readonly groupId: string;
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly rebalanceTimeoutMs: number;
  readonly serverAssignor: string | null;
}

type HeartbeatRequest = ExactRequestInput<'consumerGroupHeartbeat'>;

export class HeartbeatWords {
  readonly #fixtures: HeartbeatFixtures;
  /** What the coordinator knows for sure; undefined for nothing. */
  #known: Said | undefined;
  #saying: Said | undefined;

  constructor(fixtures: HeartbeatFixtures) {
    this.#fixtures = fixtures;
  }

  say(truth: MemberTruth): (version: number) => HeartbeatRequest {
    const { groupId, instanceId, ...whole } = this.#fixtures;
    const { memberEpoch } = truth;
    const known = memberEpoch === 0 ? undefined : this.#known;
    const said: Said = {
      topics: JSON.stringify(truth.topics),
      regex: truth.pattern !== undefined && !(truth.pattern instanceof RegExp) ? truth.pattern.re2 : null,
      held: JSON.stringify([...truth.held]),
    };
    this.#saying = said;
    return (version) => ({
      groupId,
      instanceId,
      // Before version 1 the coordinator makes the id.
      memberId: version === 0 && memberEpoch === 0 ? '' : truth.memberId,
      memberEpoch,
      ...(known === undefined && whole),
      ...(said.topics !== known?.topics && { subscribedTopicNames: truth.topics }),
      // An empty pattern takes the last one back.
      ...(said.regex !== (known?.regex ?? null) && { subscribedTopicRegex: said.regex ?? '' }),
      ...(said.held !== known?.held && {
        topicPartitions: [...truth.held].map(([topicId, partitions]) => ({ topicId, partitions })),
      }),
    });
  }

  /** `memberEpoch` -1 for good, -2 for a static member that comes back. */
  bye(memberId: string, memberEpoch: -1 | -2): HeartbeatRequest {
    const { groupId, instanceId } = this.#fixtures;
    return { groupId, instanceId, memberId, memberEpoch };
  }

  /** The last request was answered well. */
  heard(): void {
    this.#known = this.#saying;
  }

  /** It is not known what the coordinator has heard. */
  unheard(): void {
    this.#known = undefined;
  }
}

interface Said {
  readonly topics: string;
  readonly regex: string | null;
  readonly held: string;
}
