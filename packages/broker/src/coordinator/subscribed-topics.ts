/**
 * The topics in a consumer's subscription, the only part of a member's metadata that the coordinator looks into: offsets of topics
 * that a group reads are neither deleted nor expired. All versions begin like version 0, so that one is read.
 */
import { consumerProtocolSubscription, decode, DecodeError } from '@millrace/protocol';

/** Undefined when the metadata is not a consumer's. */
export function subscribedTopics(metadata: Buffer): readonly string[] | undefined {
  if (metadata.length < versionBytes) return undefined;
  try {
    return decode(consumerProtocolSubscription, 0, metadata, versionBytes).topics;
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

const versionBytes = 2;
