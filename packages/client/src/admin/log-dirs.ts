import type { ExactResponse } from '@millrace/protocol';

import type { Cluster, Target } from '../cluster/cluster.ts';
import { answerError, type ClientError } from '../error.ts';
import type { TopicPartition } from '../record.ts';
import { Call, type CallOptions, checkAnswer } from './call.ts';
import { runErrand } from './errand.ts';
import { toBrokers } from './routes.ts';

export interface LogDirReplica extends TopicPartition {
  readonly sizeBytes: number;
  /** How far it is behind the log that it is to replace, or behind the high watermark. */
  readonly offsetLag: number;
  /** It is on its way to this directory (`alterReplicaLogDirs`). */
  readonly isFuture: boolean;
}

export interface LogDir {
  readonly path: string;
  /** Why nothing is known of it, such as KAFKA_STORAGE_ERROR of a disk that is offline. */
  readonly error: ClientError | undefined;
  readonly replicas: readonly LogDirReplica[];
  /** Of its disk; undefined where the broker does not tell. */
  readonly totalBytes: number | undefined;
  readonly usableBytes: number | undefined;
  /** Nothing new is put there (KIP-1066). */
  readonly isCordoned: boolean;
}

export interface BrokerLogDirs {
  readonly brokerId: number;
  readonly logDirs: readonly LogDir[];
}

export function describeLogDirs(
  cluster: Cluster,
  brokerIds: readonly number[],
  options: CallOptions,
): Promise<BrokerLogDirs[]> {
  return Call.run(cluster, 'Describing log directories', options, (call) =>
    runErrand<number, BrokerLogDirs>(call, brokerIds, {
      nameOf: (id) => `${id}`,
      what: (id) => `Describing the log directories of broker ${id}`,
      route: toBrokers((id) => id),
      async ask(target, [id], fates) {
        const { errorCode, results } = await askLogDirs(call, target, null);
        fates.take(`${id}`, errorCode, null, () => ({ brokerId: id!, logDirs: results.map(logDirOf) }));
      },
    }),
  );
}

/** A disk that is not there is an error of its own; the answer fails only where the broker says nothing at all. */
export async function askLogDirs(
  call: Call,
  target: Target,
  topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[] | null,
): Promise<ExactResponse<'describeLogDirs'>> {
  const answer = await call.request(target, 'describeLogDirs', { topics });
  checkAnswer(answer.errorCode, 'Describing log directories');
  return answer;
}

type WireLogDir = ExactResponse<'describeLogDirs'>['results'][number];

export function logDirOf(dir: WireLogDir): LogDir {
  const { logDir: path, errorCode, topics, totalBytes, usableBytes, isCordoned } = dir;
  return {
    path,
    error: errorCode === 0 ? undefined : answerError(errorCode, `Describing log directory ${path}`),
    replicas: topics.flatMap(({ name: topic, partitions }) =>
      partitions.map(({ partitionIndex: partition, partitionSize, offsetLag, isFutureKey }) => ({
        topic,
        partition,
        sizeBytes: partitionSize,
        offsetLag,
        isFuture: isFutureKey,
      })),
    ),
    totalBytes: totalBytes < 0 ? undefined : totalBytes,
    usableBytes: usableBytes < 0 ? undefined : usableBytes,
    isCordoned,
  };
}
