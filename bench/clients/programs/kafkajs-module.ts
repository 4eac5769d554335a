import type { Kafka } from 'kafkajs';
import { type Load } from '../load.ts';

/** kafkajs, or the module that takes its place: the programs are the same to the letter. */
export async function openKafka({ module = 'kafkajs', bootstrap }: Load): Promise<Kafka> {
  const { default: kafkajs }: { default: typeof import('kafkajs') } = await import(module);
  return new kafkajs.Kafka({ brokers: [bootstrap], clientId: 'bench', logLevel: kafkajs.logLevel.ERROR });
}
