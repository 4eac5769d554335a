// What the types of the client promise: the compiler checks it here on the sources, and in `packages.test.ts` on what was packed.

import {
  Admin,
  ClientError,
  type ClientErrorCode,
  Consumer,
  int32s,
  int64s,
  json,
  Producer,
  type RecordMetadata,
  strings,
} from '@millrace/client';

/** True where each of the two may stand for the other, and neither is `any`. */
type Same<A, B> = 0 extends 1 & A ? false : [A] extends [B] ? ([B] extends [A] ? true : false) : false;
const proofs: true[] = [];

interface Trip {
  readonly miles: number;
}

const topics = { trips: { key: strings, value: json<Trip>() }, counts: { key: int64s, value: int32s } } as const;
const servers = { 'bootstrap.servers': 'localhost:9092' };

export async function produces(): Promise<void> {
  const producer = new Producer({ ...servers, 'linger.ms': 5, acks: 'all', topics });
  const sent = await producer.send({ topic: 'trips', key: 'zone', value: { miles: 1 } });
  proofs.push(true satisfies Same<typeof sent, RecordMetadata>);
  proofs.push(true satisfies Same<typeof sent.offset, bigint>);
  await producer.send({ topic: 'counts', key: 1n, value: 1 });
  // @ts-expect-error -- a count is a number
  await producer.send({ topic: 'counts', key: 1n, value: 'one' });
  // @ts-expect-error -- a key of counts is a bigint
  await producer.send({ topic: 'counts', key: 1, value: 1 });
  // @ts-expect-error -- there is no such topic
  await producer.send({ topic: 'count', key: 1n, value: 1 });
  // @ts-expect-error -- a trip has miles
  await producer.send({ topic: 'trips', key: 'zone', value: {} });
}

export async function consumes(): Promise<void> {
  const consumer = new Consumer({ ...servers, 'group.id': 'g', topics });
  consumer.subscribe({ topics: ['trips', 'counts'] });
  for await (const record of consumer) {
    proofs.push(true satisfies Same<typeof record.offset, bigint>);
    proofs.push(true satisfies Same<typeof record.topic, 'trips' | 'counts'>);
    if (record.topic === 'counts') proofs.push(true satisfies Same<typeof record.value, number | null>);
    else proofs.push(true satisfies Same<typeof record.value, Trip | null>);
    // @ts-expect-error -- a record cannot be written to
    record.partition = 1;
  }
}

export async function administers(): Promise<void> {
  const admin = new Admin(servers);
  await admin.createTopics([{ name: 'trips', numPartitions: 3 }]);
  // @ts-expect-error -- it is a number
  await admin.createTopics([{ name: 'trips', numPartitions: '3' }]);
  // @ts-expect-error -- there is no such call
  await admin.createTopic('trips');
}

export function fails(error: ClientError): void {
  proofs.push(true satisfies Same<typeof error.code, ClientErrorCode>);
  // @ts-expect-error -- codes are a closed union
  if (error.code === 'NO_SUCH_CODE') throw error;
}

// @ts-expect-error -- milliseconds are a number, or the text of one
export const wrong = (): Consumer => new Consumer({ ...servers, 'session.timeout.ms': true });
// @ts-expect-error -- there is no such option
export const unknown = (): Producer => new Producer({ 'bootstrap.servers': 'localhost:9092', 'linger.msec': 5 });
