/**
 * Incremental fetch sessions (KIP-227): a client names its partitions once and then only what changed; the broker answers only
 * what has news. In: a fetch request's session id, epoch and changes. Out: the partitions to read, or the error that makes the
 * client begin again.
 */
import { errors, zeroUuid } from '@millrace/protocol';

/** One partition as a client fetches it. */
export interface FetchTarget {
  topic: string;
  topicId: string;
  partition: number;
  currentLeaderEpoch: number;
  fetchOffset: number;
  lastFetchedEpoch: number;
  logStartOffset: number;
  partitionMaxBytes: number;
  /** What the last answer of this session said, to know whether there is news. */
  answeredHighWatermark: number;
  answeredLogStartOffset: number;
}

export interface FetchContext {
  readonly sessionId: number;
  /** Only partitions with news are answered. */
  readonly isIncremental: boolean;
  readonly targets: Iterable<FetchTarget>;
  readonly targetCount: number;
}

export interface FetchSession {
  readonly id: number;
  epoch: number;
  usedAtMs: number;
  readonly targets: Map<string, FetchTarget>;
}

const sessionlessEpoch = -1;
const initialEpoch = 0;
const epochMax = 0x7fff_ffff;
/** A session that asked nothing for so long may be evicted by a new one. */
const evictAfterMs = 120_000;

export interface FetchSessionRequest {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly topics: readonly {
    readonly topic: string;
    readonly topicId: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly currentLeaderEpoch: number;
      readonly fetchOffset: number;
      readonly lastFetchedEpoch: number;
      readonly logStartOffset: number;
      readonly partitionMaxBytes: number;
    }[];
  }[];
  readonly forgottenTopicsData: readonly {
    readonly topic: string;
    readonly topicId: string;
    readonly partitions: readonly number[];
  }[];
}

export class FetchSessions {
  readonly #slots: number;
  readonly #newId: () => number;
  /** In order of last use, oldest first. */
  readonly #sessions = new Map<number, FetchSession>();

  /** `slots`: how many sessions are kept (`max.incremental.fetch.session.cache.slots`). */
  constructor(slots: number, newId: () => number) {
    this.#slots = slots;
    this.#newId = newId;
  }

  get count(): number {
    return this.#sessions.size;
  }

  /** A number is the error code of the whole answer. */
  resolve(request: FetchSessionRequest, nowMs: number): FetchContext | number {
    const { sessionId, sessionEpoch } = request;
    if (sessionEpoch === sessionlessEpoch || sessionEpoch === initialEpoch) {
      if (sessionId !== 0) this.#sessions.delete(sessionId);
      const targets = new Map<string, FetchTarget>();
      merge(targets, request);
      const session = sessionEpoch === initialEpoch ? this.#create(targets, nowMs) : undefined;
      return {
        sessionId: session?.id ?? 0,
        isIncremental: false,
        targets: new Targets(targets),
        targetCount: targets.size,
      };
    }
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return errors.FETCH_SESSION_ID_NOT_FOUND;
    if (session.epoch !== sessionEpoch) return errors.INVALID_FETCH_SESSION_EPOCH;
    session.epoch = sessionEpoch === epochMax ? 1 : sessionEpoch + 1;
    session.usedAtMs = nowMs;
    this.#sessions.delete(sessionId);
    this.#sessions.set(sessionId, session);
    merge(session.targets, request);
    for (const { topic, topicId, partitions } of request.forgottenTopicsData) {
      for (const partition of partitions) session.targets.delete(keyOf(topic, topicId, partition));
    }
    if (session.targets.size === 0) {
      this.#sessions.delete(sessionId);
      return { sessionId: 0, isIncremental: false, targets: [], targetCount: 0 };
    }
    return {
      sessionId,
      isIncremental: true,
      targets: new Targets(session.targets),
      targetCount: session.targets.size,
    };
  }

  /** The client is not told of it. */
  forget(sessionId: number): void {
    this.#sessions.delete(sessionId);
  }

  #create(targets: Map<string, FetchTarget>, nowMs: number): FetchSession | undefined {
    if (targets.size === 0 || this.#slots === 0) return undefined;
    if (this.#sessions.size >= this.#slots && !this.#evict(nowMs)) return undefined;
    let id = this.#newId();
    while (id === 0 || this.#sessions.has(id)) id = this.#newId();
    const session: FetchSession = { id, epoch: 1, usedAtMs: nowMs, targets };
    this.#sessions.set(id, session);
    return session;
  }

  #evict(nowMs: number): boolean {
    const oldest = this.#sessions.values().next().value;
    if (oldest === undefined || nowMs - oldest.usedAtMs < evictAfterMs) return false;
    return this.#sessions.delete(oldest.id);
  }
}

/** A fetch that waited goes through its targets a second time, which an iterator would not let it. */
class Targets implements Iterable<FetchTarget> {
  readonly #byKey: ReadonlyMap<string, FetchTarget>;

  constructor(byKey: ReadonlyMap<string, FetchTarget>) {
    this.#byKey = byKey;
  }

  [Symbol.iterator](): Iterator<FetchTarget> {
    return this.#byKey.values();
  }
}

function merge(targets: Map<string, FetchTarget>, request: FetchSessionRequest): void {
  for (const { topic, topicId, partitions } of request.topics) {
    for (const asked of partitions) {
      const key = keyOf(topic, topicId, asked.partition);
      const known = targets.get(key);
      if (known === undefined) {
        targets.set(key, {
          topic,
          topicId,
          partition: asked.partition,
          currentLeaderEpoch: asked.currentLeaderEpoch,
          fetchOffset: asked.fetchOffset,
          lastFetchedEpoch: asked.lastFetchedEpoch,
          logStartOffset: asked.logStartOffset,
          partitionMaxBytes: asked.partitionMaxBytes,
          answeredHighWatermark: -1,
          answeredLogStartOffset: -1,
        });
      } else {
        known.currentLeaderEpoch = asked.currentLeaderEpoch;
        known.fetchOffset = asked.fetchOffset;
        known.lastFetchedEpoch = asked.lastFetchedEpoch;
        known.logStartOffset = asked.logStartOffset;
        known.partitionMaxBytes = asked.partitionMaxBytes;
      }
    }
  }
}

function keyOf(topic: string, topicId: string, partition: number): string {
  return topicId === zeroUuid || topicId === '' ? `${partition}-${topic}` : `${partition}:${topicId}`;
}
