/** Everything that our admin can tell of a cluster, a line each: the same lines as those of AdminLines.java. */
import { type Admin, partitionKey, type TopicPartition } from '@millrace/client';

/** Sets are told in order. */
type Word =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | TopicPartition
  | readonly Word[]
  | ReadonlySet<Word>;
type Line = (...words: readonly Word[]) => void;

export async function adminLines(admin: Admin): Promise<string[]> {
  const lines: string[] = [];
  const line: Line = (...words) => void lines.push(words.map(text).join('\t'));
  const { nodes, clusterId, authorizedOperations } = await admin.describeCluster({ includeAuthorizedOperations: true });
  line('cluster', clusterId, new Set(authorizedOperations));
  for (const { id, host, port, rack } of nodes) line('node', id, host, port, rack);
  const brokerIds = nodes.map(({ id }) => id);
  await ofCluster(admin, line);
  const partitions = await ofTopics(admin, line);
  await ofConfigs(admin, line, brokerIds);
  await ofOffsets(admin, line, partitions);
  await ofGroups(admin, line);
  for (const { brokerId, logDirs } of await admin.describeLogDirs(brokerIds))
    for (const { path, replicas } of logDirs)
      for (const one of replicas) line('replica', brokerId, path, one, one.sizeBytes, one.offsetLag, one.isFuture);
  await ofSecurity(admin, line);
  await ofTransactions(admin, line);
  return lines;
}

function text(word: Word): string {
  if (word === undefined || word === null) return 'none';
  if (typeof word !== 'object') return `${word}`;
  if ('topic' in word) return `${word.topic}-${word.partition}`;
  const parts = Array.from(word, text);
  return (word instanceof Set ? parts.toSorted() : parts).join(',');
}

async function ofCluster(admin: Admin, line: Line): Promise<void> {
  const { supported, finalized } = await admin.describeFeatures();
  for (const { name, minVersion, maxVersion } of supported) line('supported', name, minVersion, maxVersion);
  for (const { name, minVersionLevel, maxVersionLevel } of finalized)
    line('finalized', name, minVersionLevel, maxVersionLevel);
  const { leaderId, leaderEpoch, voters, observers } = await admin.describeMetadataQuorum();
  line('quorum', leaderId, leaderEpoch, voters.length, observers.length);
}

async function ofTopics(admin: Admin, line: Line): Promise<TopicPartition[]> {
  const listings = await admin.listTopics({ listInternal: true });
  for (const { name, topicId, isInternal } of listings) line('listed', name, topicId, isInternal);
  const all = new Map<string, TopicPartition>();
  const names = listings.map(({ name }) => name);
  for (const topic of await admin.describeTopics(names, { includeAuthorizedOperations: true })) {
    line('topic', topic.name, new Set(topic.authorizedOperations));
    for (const {
      index,
      leaderId,
      replicas,
      isr,
      eligibleLeaderReplicas,
      lastKnownEligibleLeaderReplicas,
    } of topic.partitions) {
      all.set(partitionKey(topic.name, index), { topic: topic.name, partition: index });
      line(
        'partition',
        topic.name,
        index,
        leaderId,
        replicas,
        isr,
        eligibleLeaderReplicas,
        lastKnownEligibleLeaderReplicas,
      );
    }
  }
  return [...all.values()];
}

async function ofConfigs(admin: Admin, line: Line, brokerIds: readonly number[]): Promise<void> {
  const resources = await admin.listConfigResources();
  for (const { type, name } of resources) line('resource', type, name);
  const loggers = brokerIds.map((id) => ({ type: 'BROKER_LOGGER' as const, name: `${id}` }));
  for (const { type, name, entries } of await admin.describeConfigs([...resources, ...loggers], {
    includeSynonyms: true,
  }))
    for (const entry of entries) {
      const synonyms = entry.synonyms.map((one) => `${one.name}=${one.value}@${one.source}`);
      const { isDefault, isReadOnly, isSensitive } = entry;
      line(
        'config',
        type,
        name,
        entry.name,
        entry.value,
        entry.source,
        entry.type,
        isDefault,
        isReadOnly,
        isSensitive,
        synonyms,
      );
    }
}

async function ofOffsets(admin: Admin, line: Line, partitions: readonly TopicPartition[]): Promise<void> {
  for (const at of ['earliest', 'latest', 'maxTimestamp', 'earliestLocal', 'latestTiered', 2000] as const)
    for (const one of await admin.listOffsets(partitions.map((partition) => ({ ...partition, at }))))
      line('offset', at, one, one.offset, one.timestamp, one.leaderEpoch);
  for (const { activeProducers, ...partition } of await admin.describeProducers(partitions))
    for (const { producerId, producerEpoch, lastSequence, lastTimestamp, coordinatorEpoch, ...rest } of activeProducers)
      line(
        'producer',
        partition,
        producerId,
        producerEpoch,
        lastSequence,
        lastTimestamp,
        coordinatorEpoch,
        rest.currentTransactionStartOffset,
      );
}

async function ofGroups(admin: Admin, line: Line): Promise<void> {
  const listings = await admin.listGroups();
  for (const { groupId, protocolType, state, type } of listings) line('group', groupId, protocolType, state, type);
  const groupIds = listings
    .filter(({ type }) => type === 'classic' || type === 'consumer')
    .map(({ groupId }) => groupId);
  for (const group of await admin.describeConsumerGroups(groupIds)) {
    const { groupId, state, type, isSimple, partitionAssignor, coordinator, groupEpoch, targetAssignmentEpoch } = group;
    line(
      'described',
      groupId,
      state,
      type,
      isSimple,
      partitionAssignor,
      coordinator.id,
      groupEpoch,
      targetAssignmentEpoch,
    );
    for (const {
      memberId,
      groupInstanceId,
      clientId,
      host,
      assignment,
      targetAssignment,
      memberEpoch,
    } of group.members) {
      const target = targetAssignment === undefined ? undefined : new Set(targetAssignment);
      line('member', groupId, memberId, groupInstanceId, clientId, host, new Set(assignment), target, memberEpoch);
    }
  }
  for (const { groupId, offsets } of await admin.listConsumerGroupOffsets(groupIds))
    for (const one of offsets) line('committed', groupId, one, one.offset, one.leaderEpoch, `[${one.metadata}]`);
}

async function ofSecurity(admin: Admin, line: Line): Promise<void> {
  for (const acl of await admin.describeAcls({})) {
    const { resourceType, resourceName, patternType, principal, host, operation, permissionType } = acl;
    line('acl', resourceType, resourceName, patternType, principal, host, operation, permissionType);
  }
  for (const { entity, values } of await admin.describeClientQuotas([])) {
    const whom = new Set(entity.map(({ entityType, entityName }) => `${entityType}=${entityName ?? 'none'}`));
    // Java's doubles are never without a fraction.
    for (const [key, value] of values) line('quota', whom, key, Number.isInteger(value) ? value.toFixed(1) : value);
  }
  for (const { user, credentials } of await admin.describeUserScramCredentials())
    for (const { mechanism, iterations } of credentials) line('credential', user, mechanism, iterations);
}

async function ofTransactions(admin: Admin, line: Line): Promise<void> {
  const listings = await admin.listTransactions();
  for (const { transactionalId, producerId, state } of listings)
    line('listed transaction', transactionalId, producerId, state);
  for (const one of await admin.describeTransactions(listings.map(({ transactionalId }) => transactionalId))) {
    const { transactionalId, state, producerId, producerEpoch, transactionTimeoutMs, transactionStartTimeMs } = one;
    const partitions = new Set(one.topicPartitions);
    line(
      'transaction',
      transactionalId,
      state,
      producerId,
      producerEpoch,
      transactionTimeoutMs,
      transactionStartTimeMs,
      partitions,
    );
  }
}
