/** The batch at a place in an answer, whichever format it has. One look at the magic, and each format has a reader of its own. */
import { batchHeader } from '@millrace/protocol';

import { MessageBatch } from './message-batch.ts';
import { type ReadRules, WireBatch } from './wire-batch.ts';

export type FetchedBatch = WireBatch | MessageBatch;

/** Throws `ClientError` CORRUPT_MESSAGE, or UNSUPPORTED_COMPRESSION_TYPE. */
export function openBatch(topic: string, partition: number, bytes: Buffer, at: number, rules: ReadRules): FetchedBatch {
  return batchHeader.magic(bytes, at) === 2
    ? new WireBatch(topic, partition, bytes, at, rules)
    : new MessageBatch(topic, partition, bytes, at, rules);
}
