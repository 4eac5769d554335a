import { api, arrayOf, bool, int16, int32, int64, string, type RequestOf, type ResponseOf } from '../schema.ts';

const addPartitionsToTxnTopic = {
  name: string(),
  partitions: arrayOf(int32()),
};

const addPartitionsToTxnPartitionResult = {
  partitionIndex: int32(),
  partitionErrorCode: int16(),
};

const addPartitionsToTxnTopicResult = {
  name: string(),
  resultsByPartition: arrayOf(addPartitionsToTxnPartitionResult),
};

/** Registers partitions with a transaction: one until version 3, batches from brokers since version 4. */
export const addPartitionsToTxn = api(
  24,
  'AddPartitionsToTxn',
  '0-5',
  3,
  {
    /** What brokers send, to verify before an append. */
    transactions: arrayOf('4+', {
      transactionalId: string(),
      producerId: int64(),
      producerEpoch: int16(),
      /** Asks whether the partitions are already in the transaction and adds none. */
      verifyOnly: bool({ default: false }),
      topics: arrayOf(addPartitionsToTxnTopic),
    }),
    /** What clients send. */
    v3AndBelowTransactionalId: string('0-3'),
    v3AndBelowProducerId: int64('0-3'),
    v3AndBelowProducerEpoch: int16('0-3'),
    v3AndBelowTopics: arrayOf('0-3', addPartitionsToTxnTopic),
  },
  {
    throttleTimeMs: int32(),
    errorCode: int16('4+', { ignorable: true }),
    resultsByTransaction: arrayOf('4+', {
      transactionalId: string(),
      topicResults: arrayOf(addPartitionsToTxnTopicResult),
    }),
    resultsByTopicV3AndBelow: arrayOf('0-3', addPartitionsToTxnTopicResult),
  },
);

export interface AddPartitionsToTxnRequest extends RequestOf<typeof addPartitionsToTxn> {}
export interface AddPartitionsToTxnResponse extends ResponseOf<typeof addPartitionsToTxn> {}
