import { kafkaJSError } from '../broker-errors.ts';
import { KafkaJSNonRetriableError } from '../errors.ts';
import { numberOf } from '../loose.ts';
import type { Transaction } from '../types/producer.ts';
import type { PlainProducer } from './producer.ts';

/** A transaction that is open; ids are asked for with the first. Compression is the client's own affair in it. */
export async function transactionOf(producer: PlainProducer): Promise<Transaction> {
  const client = producer.transactional();
  await asKafkaJS(async () => {
    if (!started.has(client)) await client.initTransactions();
    started.add(client);
    client.beginTransaction();
  });
  let isOpen = true;
  const guarded =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (!isOpen) throw new KafkaJSNonRetriableError('The transaction is over.');
      return await asKafkaJS(() => call(...args));
    };
  const sendBatch: Transaction['sendBatch'] = async ({ acks = -1, topicMessages = [] }) => {
    if (acks !== -1) throw new KafkaJSNonRetriableError('Transactions need acks -1.');
    return await producer.deliver(topicMessages, () => client, true);
  };
  const end = (call: () => Promise<void>) => async (): Promise<void> => {
    isOpen = false;
    await call();
  };
  return {
    send: guarded(
      async ({ topic, messages, acks = -1 }) => await sendBatch({ acks, topicMessages: [{ topic, messages }] }),
    ),
    sendBatch: guarded(sendBatch),
    sendOffsets: guarded(async ({ consumerGroupId, topics }) => {
      const offsets = topics.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, offset }) => ({ topic, partition: numberOf(partition), offset: BigInt(offset) })),
      );
      await client.sendOffsetsToTransaction(offsets, consumerGroupId);
    }),
    commit: guarded(end(() => client.commitTransaction())),
    abort: guarded(end(() => client.abortTransaction())),
    isActive: () => isOpen,
  };
}

/** Producers that have their ids. */
const started = new WeakSet<object>();

async function asKafkaJS<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw kafkaJSError(error);
  }
}
