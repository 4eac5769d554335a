// What clients ask of a broker that means them ill. Each call gives up by itself, and closes what it opened.

import type { Random } from '@millrace/base';
import {
  Admin,
  type ClientHost,
  clientKeys,
  Cluster,
  Consumer,
  Producer,
  readOptions,
  type SecurityOptions,
} from '@millrace/client';
import { pick } from '@millrace/testkit';

import { brokerHost, brokerPort, topicId } from './honest-answers.ts';

/** `ended` aborts when the call has had its time. */
export type Call = (host: ClientHost, random: Random, ended: AbortSignal) => Promise<unknown>;

const common = {
  'bootstrap.servers': `${brokerHost}:${brokerPort}`,
  'request.timeout.ms': 3000,
  'default.api.timeout.ms': 8000,
} as const;

const topics = ['t'];
const partition = { topic: 't', partition: 0 };
const groups = ['g'];

const adminCalls: readonly ((admin: Admin) => Promise<unknown>)[] = [
  (admin) => admin.createTopics(topics),
  (admin) => admin.deleteTopics(topics),
  (admin) => admin.deleteTopics([{ topicId }]),
  (admin) => admin.listTopics(),
  (admin) => admin.describeTopics(topics),
  (admin) => admin.describeTopics([{ topicId }]),
  (admin) =>
    admin.describeConfigs([
      { type: 'TOPIC', name: 't' },
      { type: 'BROKER', name: '1' },
    ]),
  (admin) => admin.listConfigResources(),
  (admin) => admin.deleteRecords([{ ...partition, beforeOffset: 1n }]),
  (admin) => admin.listOffsets([{ ...partition, at: 'latest' } as never]),
  (admin) => admin.describeProducers([partition]),
  (admin) => admin.electLeaders('PREFERRED', [partition]),
  (admin) => admin.listPartitionReassignments(),
  (admin) => admin.describeCluster(),
  (admin) => admin.describeFeatures(),
  (admin) => admin.describeMetadataQuorum(),
  (admin) => admin.describeLogDirs([1]),
  (admin) => admin.describeReplicaLogDirs([{ ...partition, brokerId: 1 }]),
  (admin) => admin.listGroups(),
  (admin) => admin.describeConsumerGroups(groups),
  (admin) => admin.describeClassicGroups(groups),
  (admin) => admin.describeShareGroups(groups),
  (admin) => admin.describeStreamsGroups(groups),
  (admin) => admin.deleteConsumerGroups(groups),
  (admin) => admin.removeMembersFromConsumerGroup('g'),
  (admin) => admin.listConsumerGroupOffsets(groups),
  (admin) => admin.alterConsumerGroupOffsets('g', [{ ...partition, offset: 1n }]),
  (admin) => admin.deleteConsumerGroupOffsets('g', [partition]),
  (admin) => admin.listShareGroupOffsets(groups),
  (admin) => admin.describeTransactions(['x']),
  (admin) => admin.listTransactions(),
  (admin) => admin.fenceProducers(['x']),
  (admin) => admin.describeClientQuotas([]),
  (admin) => admin.describeUserScramCredentials(),
  (admin) => admin.createDelegationToken(),
  (admin) => admin.describeDelegationTokens(),
];

async function administer(host: ClientHost, random: Random): Promise<unknown> {
  await using admin = new Admin({ ...common, host });
  return await pick(random, adminCalls)(admin);
}

async function produce(host: ClientHost, random: Random): Promise<unknown> {
  const producer = new Producer({
    ...common,
    host,
    'max.block.ms': 5000,
    'delivery.timeout.ms': 8000,
    'linger.ms': 0,
    acks: pick(random, ['0', '1', 'all']),
    'enable.idempotence': false,
  });
  const idempotent = new Producer({ ...common, host, 'max.block.ms': 5000, 'delivery.timeout.ms': 8000 });
  try {
    const records = [0, 1, 0].map((index) => ({ topic: 't', partition: index, value: Buffer.from('x') }));
    return await (random.below(3) === 0 ? producer : idempotent).send(records);
  } finally {
    await Promise.all([producer.close({ timeoutMs: 1000 }), idempotent.close({ timeoutMs: 1000 })]);
  }
}

async function consume(host: ClientHost, random: Random, ended: AbortSignal): Promise<unknown> {
  const isGroup = random.below(2) === 0;
  await using consumer = new Consumer({
    ...common,
    host,
    'auto.offset.reset': 'earliest',
    'check.crcs': random.below(2) === 0,
    ...(isGroup && { 'group.id': 'g', 'group.protocol': pick(random, ['classic', 'consumer']) }),
  });
  if (isGroup) consumer.subscribe(topics);
  else await consumer.assign([partition, { topic: 't', partition: 1 }]);
  let count = 0;
  for await (const _ of consumer.records({ signal: ended })) if (++count === 4) break;
  return count;
}

async function logIn(host: ClientHost, random: Random): Promise<unknown> {
  const credentials = { username: 'alice', password: 'secret' };
  const ways: readonly [mechanism: string, security: SecurityOptions][] = [
    ['PLAIN', { sasl: credentials }],
    ['SCRAM-SHA-256', { sasl: credentials }],
    ['OAUTHBEARER', { oauthBearerToken: () => ({ value: 'token' }) }],
  ];
  const [mechanism, security] = pick(random, ways);
  const config = readOptions(clientKeys, {
    ...common,
    'security.protocol': 'SASL_PLAINTEXT',
    'sasl.mechanism': mechanism,
  });
  const cluster = new Cluster({ host, config, security });
  try {
    return await cluster.retry(cluster.deadline(), () => cluster.request('any', 'listGroups', {}));
  } finally {
    await cluster.close();
  }
}

export const calls: readonly (readonly [name: string, call: Call])[] = [
  ['admin', administer],
  ['admin', administer],
  ['producer', produce],
  ['consumer', consume],
  ['consumer', consume],
  ['login', logIn],
];
