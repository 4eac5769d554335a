// What an application written for kafkajs says to the compiler: checked here with kafkajs itself, and in `packages.test.ts` with the door.

import kafkajs, { CompressionTypes, type EachMessagePayload, Kafka, KafkaJSError, logLevel } from 'kafkajs';
import * as all from 'kafkajs';

export const kafka: Kafka = new kafkajs.Kafka({ brokers: ['localhost:9092'], logLevel: logLevel.NOTHING });
export const other: Kafka = new all.Kafka({ brokers: async () => ['localhost:9092'] });

export async function produces(): Promise<string | undefined> {
  const [sent] = await kafka.producer().send({
    topic: 'trips',
    compression: CompressionTypes.GZIP,
    messages: [{ key: 'zone', value: 'a trip', headers: { source: 'till' } }],
  });
  // @ts-expect-error -- a topic belongs to it
  await kafka.producer().send({ messages: [] });
  // @ts-expect-error -- offsets are texts
  const offset: number | undefined = sent?.offset;
  return offset === undefined ? undefined : sent?.baseOffset;
}

export async function reads(payload: EachMessagePayload): Promise<Buffer | null> {
  await payload.heartbeat();
  const offset: string = payload.message.offset;
  if (offset === '') throw new KafkaJSError('no offset', { retriable: false });
  return payload.message.value;
}

// @ts-expect-error -- brokers belong to it
export const without = (): Kafka => new Kafka({});
