// What goes wrong between clients and brokers, by chance, as rules for the fault proxy.

import { errors } from '@millrace/protocol';
import {
  answerWithError,
  type FaultRule,
  pick,
  type ProxiedRequest,
  seededRandom,
  type Verdict,
} from '@millrace/testkit';

type Fields = Record<string, unknown>;

/** A rule that strikes one in `oneIn` of the requests that `strike` has something for. */
export function byChance(
  seed: number,
  oneIn: number,
  strike: (request: ProxiedRequest, random: ReturnType<typeof seededRandom>) => Verdict | undefined,
): FaultRule {
  const random = seededRandom(seed);
  return (request) => {
    const verdict = strike(request, random);
    return verdict !== undefined && random.below(oneIn) === 0 ? verdict : undefined;
  };
}

export const cuts: readonly Verdict[] = [{ cutBefore: true }, { cutAfter: true }, { delayMs: 30 }];

/** Errors that a producer has to repeat after, put on some partitions of an answer, whatever the broker has done. */
export function spoiledProduce(random: ReturnType<typeof seededRandom>): Verdict {
  const { NOT_LEADER_OR_FOLLOWER, REQUEST_TIMED_OUT, NETWORK_EXCEPTION, KAFKA_STORAGE_ERROR } = errors;
  const codes = [NOT_LEADER_OR_FOLLOWER, REQUEST_TIMED_OUT, NETWORK_EXCEPTION, KAFKA_STORAGE_ERROR];
  return {
    rewrite: ({ responses, ...rest }) => ({
      ...rest,
      responses: (responses as Fields[]).map(({ partitionResponses, ...topic }) => ({
        ...topic,
        partitionResponses: (partitionResponses as Fields[]).map((partition) =>
          random.below(2) === 0 ? { ...partition, errorCode: pick(random, codes), baseOffset: -1n } : partition,
        ),
      })),
    }),
  };
}

/** Errors of fetched partitions, or of the whole session. */
export function spoiledFetch(random: ReturnType<typeof seededRandom>): Verdict {
  if (random.below(3) === 0) {
    const errorCode = pick(random, [errors.FETCH_SESSION_ID_NOT_FOUND, errors.INVALID_FETCH_SESSION_EPOCH]);
    return { rewrite: (answer) => ({ ...answer, errorCode, sessionId: 0, responses: [] }) };
  }
  const { NOT_LEADER_OR_FOLLOWER, OFFSET_NOT_AVAILABLE, KAFKA_STORAGE_ERROR, UNKNOWN_LEADER_EPOCH } = errors;
  const codes = [NOT_LEADER_OR_FOLLOWER, OFFSET_NOT_AVAILABLE, KAFKA_STORAGE_ERROR, UNKNOWN_LEADER_EPOCH];
  return {
    rewrite: ({ responses, ...rest }) => ({
      ...rest,
      responses: (responses as Fields[]).map(({ partitions, ...topic }) => ({
        ...topic,
        partitions: (partitions as Fields[]).map((partition) =>
          random.below(2) === 0
            ? { ...partition, errorCode: pick(random, codes), records: null, highWatermark: -1n }
            : partition,
        ),
      })),
    }),
  };
}

/** One error, at each innermost place of the answer that has room for it. */
export function answersError(...codes: readonly number[]): (random: ReturnType<typeof seededRandom>) => Verdict {
  return (random) => {
    const errorCode = pick(random, codes);
    return { rewrite: (answer) => answerWithError(answer, errorCode) };
  };
}
