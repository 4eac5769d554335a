import type { ExactResponse } from '@millrace/protocol';
import { errors } from '@millrace/protocol';

import type { Cluster, Target } from '../cluster/cluster.ts';
import type { TopicPartition } from '../record.ts';
import { Call, type CallOptions, checkAnswer } from './call.ts';
import { Fates, runErrand } from './errand.ts';
import { byTopic } from './partition-groups.ts';
import { nameOfPartition, toController } from './routes.ts';
import { codeOf } from './words.ts';

const electionTypes = ['PREFERRED', 'UNCLEAN'] as const;
/** PREFERRED: the first of the replicas. UNCLEAN: any replica, at the price of records, where there is no other. */
export type ElectionType = (typeof electionTypes)[number];

export interface LeaderElection extends TopicPartition {
  /** False: the right replica led already. */
  readonly isElected: boolean;
}

/** Null: all partitions of the cluster; then those that needed no election may be left out. */
export function electLeaders(
  cluster: Cluster,
  electionType: ElectionType,
  partitions: readonly TopicPartition[] | null,
  options: CallOptions,
): Promise<LeaderElection[]> {
  const what = ({ topic, partition }: TopicPartition): string => `Electing a leader of ${topic}-${partition}`;
  return Call.run(cluster, 'Electing leaders', options, async (call) => {
    const ask = (target: Target, items: readonly TopicPartition[] | null, fates: Fates<LeaderElection>) =>
      elect(call, target, electionType, items, fates);
    if (partitions !== null)
      return await runErrand<TopicPartition, LeaderElection>(call, partitions, {
        nameOf: nameOfPartition,
        what,
        route: toController,
        ask,
      });
    const fates = new Fates<LeaderElection>((name) => `Electing a leader of ${name}`);
    await call.retry(() => ask('controller', null, fates));
    return fates.settle([...fates.results.keys(), ...fates.failures.keys()], undefined);
  });
}

async function elect(
  call: Call,
  target: Target,
  electionType: ElectionType,
  partitions: readonly TopicPartition[] | null,
  fates: Fates<LeaderElection>,
): Promise<void> {
  const answer: ExactResponse<'electLeaders'> = await call.request(target, 'electLeaders', {
    ...(electionType === 'PREFERRED' ? {} : { electionType: codeOf(electionTypes, electionType) }),
    topicPartitions:
      partitions === null
        ? null
        : byTopic(partitions).map(([topic, items]) => ({ topic, partitions: items.map(({ partition }) => partition) })),
    timeoutMs: call.brokerTimeoutMs,
  });
  checkAnswer(answer.errorCode, 'Electing leaders');
  for (const { topic, partitionResult } of answer.replicaElectionResults)
    for (const { partitionId: partition, errorCode, errorMessage } of partitionResult) {
      const isNeedless = errorCode === errors.ELECTION_NOT_NEEDED;
      fates.take(nameOfPartition({ topic, partition }), isNeedless ? 0 : errorCode, errorMessage, () => ({
        topic,
        partition,
        isElected: !isNeedless,
      }));
    }
}
