/**
 * Requests that ask for much memory with few bytes, made from the tables: every length, count and tag of every API that is served
 * claims far too much; arrays really have as many elements as fit; and what is small is asked for again and again.
 */
import { zstdCompressSync } from 'node:zlib';

import { apis, encodeRequest, zeroUuid, type Api, type ApiName, type RequestInput } from '@millrace/protocol';
import { randomRequest, seededRandom, unsignedVarint, type Spot, type SpottedFrame } from '@millrace/testkit';

import { subscriptionIdOf } from '../../../packages/broker/src/telemetry/subscriptions.ts';
import { fuzzValues } from './fuzz-values.ts';

export interface Bomb {
  readonly name: string;
  readonly bytes: Buffer;
}

const fillerBytes = 256 << 10;
/** More would only repeat the same fields. */
const spotsPerFrameMax = 8;

/** `servedKeys`: the others are closed before anything is read. */
export function claims(servedKeys: ReadonlySet<number>): Bomb[] {
  return frames(servedKeys).flatMap((frame) =>
    lengthsOf(frame).flatMap((spot) =>
      claimsAt(spot).map((put) => ({
        name: `${nameOf(frame, spot)} claims ${put.toString('hex')}`,
        bytes: replaced(frame, spot, put),
      })),
    ),
  );
}

/** Arrays with as many elements as a quarter of a mebibyte of the same byte can hold. */
export function filled(servedKeys: ReadonlySet<number>): Bomb[] {
  return frames(servedKeys).flatMap((frame) =>
    lengthsOf(frame)
      .filter(({ kind }) => kind !== 'length16')
      .flatMap((spot) =>
        [0, 1, 2].map((filler) => ({
          name: `${nameOf(frame, spot)} is filled with ${filler}`,
          bytes: filledBehind(frame, spot, filler),
        })),
      ),
  );
}

/** Whole requests that name the same thing, or many that are not there. */
export function repeated(topic: string): Bomb[] {
  const many = <T>(count: number, of: (index: number) => T): T[] =>
    Array.from({ length: count }, (_, index) => of(index));
  const list: Bomb[] = [];
  const add = <K extends ApiName>(name: K, version: number, how: string, request: RequestInput<K>): void => {
    const api = apis[name] as Api;
    list.push({
      name: `${api.name} ${version}: ${how}`,
      bytes: Buffer.concat(encodeRequest(api, version, 1, 'bomb', request as never)),
    });
  };
  add('metadata', 12, 'one topic 20000 times', {
    topics: many(20_000, () => ({ name: topic })),
    allowAutoTopicCreation: false,
  });
  add('metadata', 12, '20000 topics that are not there', {
    topics: many(20_000, (index) => ({ name: `absent-${index}` })),
    allowAutoTopicCreation: false,
  });
  add('describeConfigs', 4, 'one topic 20000 times', {
    resources: many(20_000, () => ({ resourceType: 2, resourceName: topic, configurationKeys: null })),
    includeSynonyms: true,
    includeDocumentation: true,
  });
  add('describeConfigs', 4, 'one broker 20000 times', {
    resources: many(20_000, () => ({ resourceType: 4, resourceName: '1', configurationKeys: null })),
    includeSynonyms: true,
    includeDocumentation: true,
  });
  const partitions = many(20_000, () => ({ partitionIndex: 0, timestamp: -3 }));
  add('listOffsets', 7, 'one partition 20000 times', { replicaId: -1, topics: [{ name: topic, partitions }] });
  add('fetch', 12, 'one partition 20000 times', {
    maxWaitMs: 60_000,
    minBytes: 1,
    topics: [{ topic, partitions: many(20_000, () => ({ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 })) }],
    forgottenTopicsData: [],
  });
  add('fetch', 12, '20000 partitions that are not there', {
    maxWaitMs: 60_000,
    minBytes: 1,
    sessionEpoch: 0,
    topics: [
      {
        topic: 'absent',
        partitions: many(20_000, (partition) => ({ partition, fetchOffset: 0, partitionMaxBytes: 1 << 20 })),
      },
    ],
    forgottenTopicsData: [],
  });
  const ops = [{ key: 'producer_byte_rate', value: 0, remove: false }];
  add('alterClientQuotas', 1, '20000 quotas that cannot be', {
    entries: many(20_000, (index) => ({ entity: [{ entityType: 'user', entityName: `user-${index}` }], ops })),
    validateOnly: false,
  });
  add('alterClientQuotas', 1, 'one quota 20000 times', {
    entries: many(20_000, () => ({ entity: [{ entityType: 'user', entityName: 'user' }], ops })),
    validateOnly: true,
  });
  const pushed: readonly (readonly [how: string, compressionType: number, metrics: Buffer])[] = [
    ['200 MiB of metrics', 4, zstdCompressSync(Buffer.alloc(200 << 20))],
    ['half a million empty metrics', 0, Buffer.alloc(1 << 20, Buffer.from([0x0a, 0x00]))],
  ];
  for (const [how, compressionType, metrics] of pushed) {
    const clientInstanceId = 'aaaaaaaaaaaaaaaaaaaaaw';
    const subscriptionId = subscriptionIdOf({ metrics: [], pushIntervalMs: 300_000 }, clientInstanceId);
    add('pushTelemetry', 0, how, { clientInstanceId, subscriptionId, terminating: true, compressionType, metrics });
  }
  add('describeGroups', 5, 'one group 20000 times', { groups: many(20_000, () => 'group-a') });
  add('findCoordinator', 4, 'one group 20000 times', { keyType: 0, coordinatorKeys: many(20_000, () => 'group-a') });
  add('offsetFetch', 9, 'one group 20000 times', {
    groups: many(20_000, () => ({ groupId: 'group-a', topics: null })),
    requireStable: false,
  });
  add('describeTopicPartitions', 0, 'one topic 20000 times', {
    topics: many(20_000, () => ({ name: topic })),
    responsePartitionLimit: 2_000_000_000,
    cursor: null,
  });
  add('describeLogDirs', 4, 'one topic 20000 times', { topics: many(20_000, () => ({ topic, partitions: [0, 1] })) });
  add('deleteRecords', 2, 'one partition 20000 times', {
    topics: [{ name: topic, partitions: many(20_000, () => ({ partitionIndex: 0, offset: 0 })) }],
    timeoutMs: 1000,
  });
  add('describeProducers', 0, 'one partition 20000 times', {
    topics: [{ name: topic, partitionIndexes: many(20_000, () => 0) }],
  });
  add('offsetForLeaderEpoch', 4, 'one partition 20000 times', {
    replicaId: -2,
    topics: [{ topic, partitions: many(20_000, () => ({ partition: 0, currentLeaderEpoch: -1, leaderEpoch: 0 })) }],
  });
  add('createTopics', 7, '20000 topics of 10000 partitions, only to see', {
    topics: many(20_000, (index) => ({
      name: `wide-${index}`,
      numPartitions: 10_000,
      replicationFactor: 1,
      assignments: [],
      configs: [],
    })),
    validateOnly: true,
  });
  add('createTopics', 7, 'a partition for 100000 brokers', {
    topics: [
      {
        name: 'wide',
        numPartitions: -1,
        replicationFactor: -1,
        assignments: [{ partitionIndex: 0, brokerIds: many(100_000, () => 1) }],
        configs: [],
      },
    ],
    validateOnly: true,
  });
  add('createPartitions', 3, 'two thousand million partitions', {
    topics: [{ name: topic, count: 2_000_000_000, assignments: null }],
    timeoutMs: 1000,
    validateOnly: false,
  });
  const setting = { name: 'retention.ms', configOperation: 0, value: '1000000' };
  add('incrementalAlterConfigs', 1, 'one topic 20000 times', {
    resources: many(20_000, () => ({ resourceType: 2, resourceName: topic, configs: [setting] })),
    validateOnly: false,
  });
  add('incrementalAlterConfigs', 1, '20000 groups that are not there', {
    resources: many(20_000, (index) => ({
      resourceType: 32,
      resourceName: `g${index}`,
      configs: [{ ...setting, name: 'absent' }],
    })),
    validateOnly: false,
  });
  add('incrementalAlterConfigs', 1, 'one setting of a topic 20000 times', {
    resources: [{ resourceType: 2, resourceName: topic, configs: many(20_000, () => setting) }],
    validateOnly: false,
  });
  const offset = { committedOffset: 5n, committedMetadata: '' };
  add('offsetCommit', 8, '20000 partitions that are not there', {
    groupId: 'bomb-group',
    generationIdOrMemberEpoch: -1,
    memberId: '',
    topics: [{ name: topic, partitions: many(20_000, (partitionIndex) => ({ partitionIndex, ...offset })) }],
  });
  add('deleteGroups', 2, '20000 groups that are not there', {
    groupsNames: many(20_000, (index) => `absent-${index}`),
  });
  add('leaveGroup', 5, '20000 members that are not there', {
    groupId: 'group-a',
    members: many(20_000, (index) => ({ memberId: `m${index}`, groupInstanceId: null })),
  });
  add('joinGroup', 7, '20000 protocols', {
    groupId: 'bomb-group',
    sessionTimeoutMs: 6000,
    rebalanceTimeoutMs: 6000,
    memberId: '',
    protocolType: 'consumer',
    protocols: many(20_000, (index) => ({ name: `p${index}`, metadata: Buffer.alloc(0) })),
  });
  add('deleteTopics', 6, '20000 topics that are not there', {
    topics: many(20_000, (index) => ({ name: `absent-${index}`, topicId: zeroUuid })),
    timeoutMs: 1000,
  });
  add('createTopics', 7, 'one topic with 20000 settings', {
    topics: [
      {
        name: 'wide',
        numPartitions: 1,
        replicationFactor: 1,
        assignments: [],
        configs: many(20_000, (index) => ({ name: `s${index}`, value: 'v' })),
      },
    ],
    validateOnly: true,
  });
  add('describeGroups', 5, '20000 groups that are not there', { groups: many(20_000, (index) => `absent-${index}`) });
  add('findCoordinator', 4, '20000 groups', {
    keyType: 0,
    coordinatorKeys: many(20_000, (index) => `absent-${index}`),
  });
  return list;
}

/** The newest version of each API and its oldest, which often has no compact lengths. */
function frames(servedKeys: ReadonlySet<number>): SpottedFrame[] {
  const values = fuzzValues(['AAAAAAAAAAAAAAAAAAAABQ']);
  return Object.values(apis)
    .filter(({ key }) => servedKeys.has(key))
    .flatMap((api: Api) =>
      [...new Set([api.versions.since, api.versions.until])].map((version) => richest(api, version, values)),
    );
}

/** Of a few random ones that with the most places to spoil: empty arrays hide what is inside them. */
function richest(api: Api, version: number, values: ReturnType<typeof fuzzValues>): SpottedFrame {
  const random = seededRandom(api.key * 100 + version);
  let best = randomRequest(random, api, version, values);
  for (let attempt = 0; attempt < 20; attempt++) {
    const next = randomRequest(random, api, version, values);
    if (next.spots.length > best.spots.length && next.spots.length < 200) best = next;
  }
  return best;
}

/** Lengths behind the header, evenly over the frame. */
function lengthsOf({ spots }: SpottedFrame): Spot[] {
  const lengths = spots.filter(
    ({ kind, at }) => at > headerBytes && ['length16', 'length32', 'varint', 'tag-count'].includes(kind),
  );
  const step = Math.max(1, Math.floor(lengths.length / spotsPerFrameMax));
  return lengths.filter((_, index) => index % step === 0).slice(0, spotsPerFrameMax);
}

/** Length, key, version, correlation id, and the client id `fuzz` with its length. */
const headerBytes = 4 + 2 + 2 + 4 + 2 + 4 - 1;

function claimsAt({ kind }: Spot): Buffer[] {
  if (kind === 'length16') return ['7fff', '8000', 'fffe'].map((hex) => Buffer.from(hex, 'hex'));
  if (kind === 'length32')
    return ['7fffffff', '80000000', '06400000', 'fffffffe'].map((hex) => Buffer.from(hex, 'hex'));
  return ['ffffffff07', 'ffffffff0f', 'ffffffffffffffffff01', '80808080808080808000', '808080c801'].map((hex) =>
    Buffer.from(hex, 'hex'),
  );
}

function filledBehind(frame: SpottedFrame, spot: Spot, filler: number): Buffer {
  // Claims what can be true of elements of one byte.
  const count = spot.kind === 'length32' ? int32(fillerBytes) : unsignedVarint(fillerBytes + 1);
  return sized(Buffer.concat([frame.bytes.subarray(0, spot.at), count, Buffer.alloc(fillerBytes, filler)]));
}

function replaced(frame: SpottedFrame, spot: Spot, put: Buffer): Buffer {
  return sized(Buffer.concat([frame.bytes.subarray(0, spot.at), put, frame.bytes.subarray(spot.at + spot.bytes)]));
}

function nameOf({ api, version }: SpottedFrame, { kind, at }: Spot): string {
  return `${api.name} ${version}, ${kind} at ${at}`;
}

function sized(bytes: Buffer): Buffer {
  bytes.writeInt32BE(bytes.length - 4, 0);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
