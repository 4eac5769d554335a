/** What random requests ask for, so that many of them get past the first check: topics that are there, groups, batches that are whole. */
import type { Random } from '@millrace/base';
import { encodeBatch, type CompressionName, type Field } from '@millrace/protocol';
import { pick, type ValuePool } from '@millrace/testkit';

export const fuzzTopics: readonly string[] = ['fuzz-a', 'fuzz-b', 'fuzz-c', 'fuzz-d'];
const strangeNames: readonly string[] = [
  '',
  '.',
  '..',
  '__proto__',
  'constructor',
  'not legal',
  '__consumer_offsets',
  '__cluster_metadata',
  'x'.repeat(250),
  '../escape',
  'ä',
];
const groups: readonly string[] = ['group-a', 'group-b', '__proto__', ''];
const transactionalIds: readonly string[] = ['txn-a', 'txn-b', '__proto__', ''];
const settings: readonly string[] = [
  'retention.ms',
  'cleanup.policy',
  'max.message.bytes',
  'segment.bytes',
  'compression.type',
  'no.such.setting',
  '__proto__',
];
const settingValues: readonly string[] = [
  '1',
  '-1',
  'compact',
  'delete',
  'compact,delete',
  'gzip',
  '9223372036854775807',
  '1e9',
  '',
  'NaN',
];
const protocols: readonly string[] = ['consumer', 'range', 'roundrobin', 'connect', ''];
const compressions: readonly CompressionName[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

/** Small numbers, so that what is made on purpose stays small, and a few that must be refused. */
const counts: readonly number[] = [1, 1, 2, 3, -1, 0, -5, 20_000, 2 ** 31 - 1];
const waits: readonly number[] = [0, 0, 1, 20, -1, 2 ** 31 - 1];
const offsets: readonly number[] = [0, 0, 1, 5, -1, -2, -3, 1000, 2 ** 53, 2 ** 63];

type Maker = (random: Random) => unknown;

const topicName: Maker = (random) => (random.below(5) === 0 ? pick(random, strangeNames) : pick(random, fuzzTopics));
const groupName: Maker = (random) => pick(random, groups);
const anyOf =
  (values: readonly unknown[]): Maker =>
  (random) =>
    pick(random, values);

/** By the name that Kafka gives the field. */
const makers: ReadonlyMap<string, Maker> = new Map<string, Maker>([
  ['name', topicName],
  ['topic', topicName],
  ['topicName', topicName],
  ['topicNames', topicName],
  ['topics', topicName],
  ['groupId', groupName],
  ['groups', groupName],
  ['groupIds', groupName],
  ['groupsNames', groupName],
  ['key', groupName],
  ['coordinatorKeys', groupName],
  ['memberId', anyOf(['', 'member-1', 'no-such-member'])],
  ['protocolType', anyOf(protocols)],
  ['configName', anyOf(settings)],
  ['configurationKeys', anyOf(settings)],
  ['value', anyOf(settingValues)],
  ['resourceName', (random) => pick(random, [...fuzzTopics, '1', '', 'absent'])],
  ['numPartitions', anyOf(counts)],
  ['count', anyOf(counts)],
  ['replicationFactor', anyOf([1, 1, -1, 0, 3])],
  ['brokerIds', anyOf([1, 1, 1, 2, -1])],
  ['partitionIndex', anyOf([0, 0, 1, 2, 7, -1])],
  ['partition', anyOf([0, 0, 1, 2, 7, -1])],
  ['index', anyOf([0, 0, 1, 2, 7, -1])],
  ['partitionIndexes', anyOf([0, 0, 1, 2, 7, -1])],
  ['maxWaitMs', anyOf(waits)],
  ['timeoutMs', anyOf(waits)],
  ['sessionTimeoutMs', anyOf([6000, 30_000, 0, -1])],
  ['rebalanceTimeoutMs', anyOf([100, 1000, 0, -1])],
  ['fetchOffset', anyOf(offsets)],
  ['offset', anyOf(offsets)],
  ['timestamp', anyOf(offsets)],
  ['acks', anyOf([-1, -1, 1, 0, 2])],
  ['records', records],
  ['transactionalId', anyOf(transactionalIds)],
  ['transactionalIds', anyOf(transactionalIds)],
  ['v3AndBelowTransactionalId', anyOf(transactionalIds)],
  ['transactionTimeoutMs', anyOf([1000, 60_000, 0, -1, 2 ** 31 - 1])],
  ['producerId', anyOf([0, 0, 1, -1, 2 ** 53])],
  ['v3AndBelowProducerId', anyOf([0, 0, 1, -1])],
  ['producerEpoch', anyOf([0, 0, 1, 2, -1, 32_767])],
  ['v3AndBelowProducerEpoch', anyOf([0, 0, 1, -1])],
  ['partitions', anyOf([0, 0, 1, 7, -1])],
  ['feature', anyOf(['transaction.version', 'group.version', 'metadata.version', '__proto__', ''])],
  ['maxVersionLevel', anyOf([0, 1, 2, 30, -1])],
  ['compressionType', anyOf([0, 1, 2, 3, 4, 5, -1])],
]);

function records(random: Random): Buffer {
  const count = 1 + random.below(5);
  const list = Array.from({ length: count }, () => ({
    key: Buffer.from('k'),
    value: Buffer.from(random.bytes(random.below(200))),
    timestamp: 1_700_000_000_000,
  }));
  const owner = { producerId: random.below(50), producerEpoch: 0, baseSequence: random.below(3) };
  const inTransaction = { producerId: random.below(2), producerEpoch: random.below(2), isTransactional: true };
  const kind = random.below(8);
  const batch = encodeBatch(
    list,
    kind < 2 ? owner : kind === 2 ? { ...owner, ...inTransaction } : { compression: pick(random, compressions) },
  );
  return random.below(6) === 0 ? Buffer.concat([batch, batch]) : batch;
}

/** `topicIds` are those of the topics that are there. */
export function fuzzValues(topicIds: readonly string[]): ValuePool {
  return (name, field, random) => {
    if (field.kind === 'uuid') return random.below(2) === 0 ? pick(random, topicIds) : undefined;
    const made = makers.get(name)?.(random);
    return fits(field, made) ? made : undefined;
  };
}

/** Kafka gives the same name to fields of several kinds. */
function fits(field: Field, value: unknown): boolean {
  if (field.kind === 'string') return typeof value === 'string';
  if (field.kind === 'records' || field.kind === 'bytes') return value instanceof Uint8Array;
  return typeof value === 'number' && /int/.test(field.kind);
}
