/**
 * Fetch (1), versions 4 to 18. In: offsets per partition, in a session or not. Out: slices of stored batches, never decoded; when
 * there is less than `minBytes`, the request waits until there is more, the time is over, or a partition changes.
 *
 * 12 and later carry the epoch of the last fetched record (KIP-595): a mismatch is answered with the diverging epoch. 13 and later
 * name topics by id. Left out: fetching by followers (one broker has none).
 */
import type { AbortedTransaction, LogRead } from '@millrace/log';
import { apis, errors, isKafkaError, type FetchRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';
import type { Exchange } from '../exchange.ts';
import type { FetchContext, FetchTarget } from '../fetch-session.ts';
import { FetchWait } from '../fetch-wait.ts';
import type { Partition } from '../partition.ts';
import type { Partitions } from '../partitions.ts';
import { later } from '../request.ts';

/** What one partition is answered, before its bytes are read. */
interface Planned {
  readonly target: FetchTarget;
  readonly partition: Partition | undefined;
  errorCode: number;
  read: LogRead | undefined;
  divergingEpoch: { epoch: number; endOffset: number } | undefined;
  /** Of the moment of the plan, like the two below it: what is read and what is said of it belong together. */
  lastStableOffset: number;
  /** Whose records readers of committed ones must skip; null for the others. */
  aborted: readonly AbortedTransaction[] | null;
}

interface Plan {
  readonly entries: Planned[];
  readonly bytes: number;
  readonly failed: boolean;
}

export function fetch(doors: Doors, request: FetchRequest, exchange: Exchange): Answer<typeof apis.fetch> {
  if (isFollower(request)) return { throttleTimeMs: 0, responses: [], errorCode: errors.NOT_LEADER_OR_FOLLOWER };
  const context = doors.sessions.resolve(request, doors.host.clock.monotonic());
  if (typeof context === 'number') return { throttleTimeMs: 0, errorCode: context, sessionId: 0, responses: [] };
  const plan = planAll(doors, request, exchange, context);
  for (const { partition, errorCode } of plan.entries) {
    if (partition !== undefined) doors.metrics.fetchRequest(partition.topic, errorCode !== errors.NONE);
  }
  const waitMsMax = request.maxWaitMs;
  if (waitMsMax <= 0 || context.targetCount === 0 || plan.failed || plan.bytes >= request.minBytes) {
    send(doors, exchange, context, plan);
    return later;
  }
  park(doors, request, exchange, context, plan);
  return later;
}

function isFollower(request: FetchRequest): boolean {
  return request.replicaId >= 0 || request.replicaState.replicaId >= 0;
}

function park(doors: Doors, request: FetchRequest, exchange: Exchange, context: FetchContext, plan: Plan): void {
  const awaited: Partition[] = [];
  for (const { partition } of plan.entries) if (partition !== undefined) awaited.push(partition);
  const { session } = exchange;
  const wait = new FetchWait(
    doors.host.timers,
    awaited,
    {
      bytesMissing: request.minBytes - plan.bytes,
      waitMsMax: request.maxWaitMs,
      committedOnly: request.isolationLevel === 1,
    },
    () => {
      session.onClosed = undefined;
      try {
        send(doors, exchange, context, planAll(doors, request, exchange, context));
      } catch (error) {
        doors.failed(exchange, error);
      }
    },
  );
  session.onClosed = () => wait.cancel();
}

function planAll(doors: Doors, request: FetchRequest, exchange: Exchange, context: FetchContext): Plan {
  const entries: Planned[] = [];
  let bytesLeft = Math.min(request.maxBytes, doors.settings.fetchBytesMax, doors.buffers.bytesLeft);
  if (doors.quotas.isActive) bytesLeft = Math.min(bytesLeft, doors.quotas.fetchBytesMax(exchange));
  let bytes = 0;
  let failed = false;
  for (const target of context.targets) {
    const planned = planOne(doors.partitions, target, {
      bytesLeft,
      minOneBatch: bytes === 0,
      committedOnly: request.isolationLevel === 1,
    });
    entries.push(planned);
    if (planned.errorCode !== errors.NONE || planned.divergingEpoch !== undefined) failed = true;
    if (planned.read !== undefined) {
      bytes += planned.read.bytes;
      bytesLeft = Math.max(0, bytesLeft - planned.read.bytes);
    }
  }
  return { entries, bytes, failed };
}

function planOne(
  partitions: Partitions,
  target: FetchTarget,
  limits: { readonly bytesLeft: number; readonly minOneBatch: boolean; readonly committedOnly: boolean },
): Planned {
  const partition = partitions.ofTarget(target);
  const planned: Planned = {
    target,
    partition,
    errorCode: errors.NONE,
    read: undefined,
    divergingEpoch: undefined,
    lastStableOffset: partition?.lastStableOffset ?? -1,
    aborted: limits.committedOnly ? [] : null,
  };
  if (partition === undefined) {
    planned.errorCode = partitions.missingCode(target);
    return planned;
  }
  planned.errorCode = partition.checkLeaderEpoch(target.currentLeaderEpoch);
  if (planned.errorCode !== errors.NONE) return planned;
  const { log } = partition;
  if (target.lastFetchedEpoch >= 0) {
    const end = log.endOffsetForEpoch(target.lastFetchedEpoch);
    if (end.endOffset < 0 || end.epoch < target.lastFetchedEpoch || end.endOffset < target.fetchOffset) {
      planned.divergingEpoch = end;
      return planned;
    }
  }
  const { fetchOffset } = target;
  if (fetchOffset < log.startOffset || fetchOffset > log.endOffset) {
    planned.errorCode = errors.OFFSET_OUT_OF_RANGE;
    return planned;
  }
  const upTo = limits.committedOnly ? planned.lastStableOffset : partition.highWatermark;
  if (fetchOffset >= upTo) return planned;
  const bytesMax = Math.min(target.partitionMaxBytes, limits.bytesLeft);
  try {
    planned.read = partition.read(fetchOffset, bytesMax, limits.minOneBatch, upTo);
    if (limits.committedOnly && planned.read.bytes > 0)
      planned.aborted = log.abortedTransactions(fetchOffset, planned.read.upTo);
  } catch (error) {
    if (!isKafkaError(error)) throw error;
    planned.errorCode = error.code;
  }
  return planned;
}

/** Reads what was planned and answers. Bytes that are surely in memory are read at once, others without blocking the loop. */
function send(doors: Doors, exchange: Exchange, context: FetchContext, plan: Plan): void {
  if (doors.quotas.isActive) {
    exchange.throttleMs = doors.quotas.fetched(exchange, plan.bytes);
    if (exchange.throttleMs > 0) return sendNothing(doors, exchange, context);
  }
  const taken: Buffer[] = [];
  const slices: (Buffer | undefined)[] = [];
  const cold: Promise<void>[] = [];
  const giveBack = (): void => taken.forEach((buffer) => doors.buffers.give(buffer));
  const finish = (): void => {
    const release = taken.length === 0 ? undefined : giveBack;
    doors.answer(exchange, responseOf(doors, context, plan, slices), release);
  };
  try {
    for (const [index, { read }] of plan.entries.entries()) {
      if (read === undefined || read.bytes === 0) continue;
      const buffer = doors.buffers.take(read.bytes);
      taken.push(buffer);
      const target = buffer.subarray(0, read.bytes);
      if (read.isHot) {
        slices[index] = target.subarray(0, read.fillSync(target));
      } else {
        cold.push(
          read.fill(target).then((count) => {
            slices[index] = target.subarray(0, count);
          }),
        );
      }
    }
  } catch (error) {
    void Promise.allSettled(cold).then(giveBack);
    throw error;
  }
  if (cold.length === 0) return finish();
  // All have to end before any buffer is anybody's again.
  void Promise.allSettled(cold).then((ends) => {
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed === undefined) return finish();
    giveBack();
    doors.failed(exchange, failed.reason);
  });
}

/** To a client whose quota is used up: it asks again when its time is over. A session that is new to it is not begun. */
function sendNothing(doors: Doors, exchange: Exchange, { sessionId, isIncremental }: FetchContext): void {
  if (!isIncremental) doors.sessions.forget(sessionId);
  doors.answer(exchange, { errorCode: errors.NONE, sessionId: isIncremental ? sessionId : 0, responses: [] });
}

function responseOf(doors: Doors, context: FetchContext, plan: Plan, slices: readonly (Buffer | undefined)[]): object {
  const responses: { topic: string; topicId: string; partitions: object[] }[] = [];
  let last: (typeof responses)[number] | undefined;
  for (const [index, planned] of plan.entries.entries()) {
    const { target, partition } = planned;
    const records = slices[index];
    if (context.isIncremental && !hasNews(planned, records)) continue;
    if (last === undefined || last.topic !== target.topic || last.topicId !== target.topicId) {
      last = { topic: target.topic, topicId: target.topicId, partitions: [] };
      responses.push(last);
    }
    const known = partition !== undefined && planned.errorCode === errors.NONE;
    target.answeredHighWatermark = known ? partition.highWatermark : -1;
    target.answeredLogStartOffset = known ? partition.log.startOffset : -1;
    last.partitions.push({
      partitionIndex: target.partition,
      errorCode: planned.errorCode,
      highWatermark: target.answeredHighWatermark,
      lastStableOffset: known ? planned.lastStableOffset : -1,
      logStartOffset: target.answeredLogStartOffset,
      ...(planned.divergingEpoch === undefined ? undefined : { divergingEpoch: planned.divergingEpoch }),
      abortedTransactions: known ? planned.aborted : null,
      preferredReadReplica: -1,
      records: records ?? emptyRecords,
    });
    if (records !== undefined && partition !== undefined) doors.metrics.fetched(partition.topic, records.length);
  }
  return { throttleTimeMs: 0, errorCode: errors.NONE, sessionId: context.sessionId, responses };
}

const emptyRecords = Buffer.alloc(0);

function hasNews(
  { target, partition, errorCode: code, divergingEpoch }: Planned,
  records: Buffer | undefined,
): boolean {
  if (records !== undefined && records.length > 0) return true;
  if (code !== errors.NONE || divergingEpoch !== undefined || partition === undefined) return true;
  return (
    target.answeredHighWatermark !== partition.highWatermark ||
    target.answeredLogStartOffset !== partition.log.startOffset
  );
}
