/**
 * What a broker remembers of our fetches (KIP-227). In: the partitions that are to be fetched. Out: the request, which names only what has
 * changed once a session is open. A session that the broker forgot, or a request that was lost, leads to a whole request.
 */
import { errors, type ExactRequestInput, type ExactResponse, zeroUuid } from '@millrace/protocol';

export interface FetchTarget {
  readonly key: string;
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly fetchOffset: bigint;
  readonly currentLeaderEpoch: number;
  readonly partitionMaxBytes: number;
}

type FetchRequestInput = ExactRequestInput<'fetch'>;
type SessionPart = Pick<FetchRequestInput, 'sessionId' | 'sessionEpoch' | 'topics' | 'forgottenTopicsData'>;

const openEpoch = 0;
const noEpoch = -1;
/** Since these versions of Fetch. */
const sessionsSince = 7;
const topicIdsSince = 13;

export class FetchSession {
  #id = 0;
  #epoch = openEpoch;
  #usesIds = false;
  /** What the broker has after the request that was written last. */
  #known = new Map<string, FetchTarget>();

  get isOpen(): boolean {
    return this.#id !== 0;
  }

  get id(): number {
    return this.#id;
  }

  /** The part of the request that names partitions, for a version of Fetch. One request at a time: then `answered` or `lost`. */
  next(version: number, targets: readonly FetchTarget[]): SessionPart {
    const wanted = new Map(targets.map((target) => [target.key, target]));
    const usesIds = version >= topicIdsSince;
    if (version < sessionsSince)
      return { sessionId: 0, sessionEpoch: noEpoch, topics: topicsOf(targets), forgottenTopicsData: [] };
    if (usesIds !== this.#usesIds) this.lost();
    this.#usesIds = usesIds;
    const known = this.#known;
    this.#known = wanted;
    const session = { sessionId: this.#id, sessionEpoch: this.#epoch };
    if (this.#epoch === openEpoch) return { ...session, topics: topicsOf(targets), forgottenTopicsData: [] };
    const gone = [...known.values()].filter(({ key, topicId }) => wanted.get(key)?.topicId !== topicId);
    const changed = targets.filter((target) => !isSame(target, known.get(target.key)));
    return { ...session, topics: topicsOf(changed), forgottenTopicsData: forgottenOf(gone) };
  }

  /** False: the broker wants a whole request, and the answer says nothing else. */
  answered({ errorCode, sessionId }: Pick<ExactResponse<'fetch'>, 'errorCode' | 'sessionId'>): boolean {
    if (errorCode !== errors.NONE) {
      if (errorCode === errors.FETCH_SESSION_ID_NOT_FOUND) this.#id = 0;
      this.lost();
      return false;
    }
    this.#id = sessionId;
    // A broker that keeps no more sessions answers without one.
    this.#epoch = sessionId === 0 ? openEpoch : this.#epoch === 0x7fff_ffff ? 1 : this.#epoch + 1;
    return true;
  }

  /** Nobody knows whether the broker has seen the last request: the next one ends this session and opens another. */
  lost(): void {
    this.#epoch = openEpoch;
    this.#known = new Map();
  }
}

/** What a name says, and whether the id says it too: the same target as before needs no word. */
function isSame(target: FetchTarget, known: FetchTarget | undefined): boolean {
  return (
    known !== undefined &&
    known.topicId === target.topicId &&
    known.fetchOffset === target.fetchOffset &&
    known.currentLeaderEpoch === target.currentLeaderEpoch &&
    known.partitionMaxBytes === target.partitionMaxBytes
  );
}

function topicsOf(targets: readonly FetchTarget[]): FetchRequestInput['topics'] {
  return byTopic(targets).map(([{ topic, topicId }, partitions]) => ({
    topic,
    topicId,
    partitions: partitions.map(({ partition, fetchOffset, currentLeaderEpoch, partitionMaxBytes }) => ({
      partition,
      fetchOffset,
      currentLeaderEpoch,
      partitionMaxBytes,
    })),
  }));
}

function forgottenOf(targets: readonly FetchTarget[]): NonNullable<FetchRequestInput['forgottenTopicsData']> {
  return byTopic(targets).map(([{ topic, topicId }, partitions]) => ({
    topic,
    topicId,
    partitions: partitions.map(({ partition }) => partition),
  }));
}

/** Partitions of a topic stand together as far as they come one after the other, so that their order is kept. */
function byTopic(targets: readonly FetchTarget[]): [FetchTarget, FetchTarget[]][] {
  const topics: [FetchTarget, FetchTarget[]][] = [];
  for (const target of targets) {
    const last = topics.at(-1);
    if (last !== undefined && last[0].topic === target.topic && last[0].topicId === target.topicId)
      last[1].push(target);
    else topics.push([target, [target]]);
  }
  return topics;
}

/** Ids are used where every topic has one. */
export function fetchVersionMax(targets: readonly FetchTarget[]): number {
  return targets.every(({ topicId }) => topicId !== zeroUuid) ? Number.POSITIVE_INFINITY : topicIdsSince - 1;
}
