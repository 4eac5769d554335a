/**
 * ElectLeaders (43), versions 0 to 2. In: partitions, or null for all. Out: with one replica each, which leads where it can, that no
 * election is needed; null asks only for those that need one.
 */
import { apis, errors, type ElectLeadersRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';

type ElectLeadersAnswer = Exclude<Awaited<Answer<typeof apis.electLeaders>>, symbol>;
type PartitionResult = ElectLeadersAnswer['replicaElectionResults'][number]['partitionResult'][number];

const preferred = 0;
const unclean = 1;

export function electLeaders(doors: Doors, request: ElectLeadersRequest): Answer<typeof apis.electLeaders> {
  const { electionType, topicPartitions } = request;
  const isKnown = electionType === preferred || electionType === unclean;
  return {
    throttleTimeMs: 0,
    errorCode: isKnown ? errors.NONE : errors.INVALID_REQUEST,
    replicaElectionResults:
      topicPartitions === null
        ? isKnown
          ? electAll(doors, electionType)
          : []
        : topicPartitions.map(({ topic, partitions }) => ({
            topic,
            partitionResult: partitions.map((index) => electOne(doors, topic, index, electionType)),
          })),
  };
}

function electAll(doors: Doors, electionType: number): ElectLeadersAnswer['replicaElectionResults'] {
  return [...doors.image.topics()].map(({ name, partitions }) => ({
    topic: name,
    partitionResult: partitions
      .map(({ index }) => electOne(doors, name, index, electionType))
      .filter(({ errorCode }) => errorCode !== errors.ELECTION_NOT_NEEDED),
  }));
}

function electOne(doors: Doors, topic: string, partitionId: number, electionType: number): PartitionResult {
  const result = (errorCode: number, errorMessage: string): PartitionResult => ({
    partitionId,
    errorCode,
    errorMessage,
  });
  if (electionType !== preferred && electionType !== unclean)
    return result(errors.INVALID_REQUEST, `Unknown election type ${electionType}`);
  const image = doors.image.topic(topic);
  if (image === undefined) return result(errors.UNKNOWN_TOPIC_OR_PARTITION, `No such topic as ${topic}`);
  if (image.partitions[partitionId] === undefined)
    return result(errors.UNKNOWN_TOPIC_OR_PARTITION, `No such partition as ${topic}-${partitionId}`);
  if (doors.partitions.byName(topic, partitionId) !== undefined)
    return result(errors.ELECTION_NOT_NEEDED, 'Leader election not needed for topic partition.');
  return electionType === preferred
    ? result(errors.PREFERRED_LEADER_NOT_AVAILABLE, 'The preferred leader was not available.')
    : result(errors.ELIGIBLE_LEADERS_NOT_AVAILABLE, 'Eligible topic partition leaders are not available.');
}
