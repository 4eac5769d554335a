import { nullable, string } from '../schema.ts';
import { metadataRecord } from './metadata-record.ts';

/** Keeps the log moving, so that followers see that they are up to date. */
export const noOpRecord = metadataRecord(20, 'NoOpRecord', '0', {});

/** What follows takes effect only with the end. */
export const beginTransactionRecord = metadataRecord(23, 'BeginTransactionRecord', '0', {
  name: nullable(string({ tag: 0, default: null })),
});

/** What followed the beginning takes effect. */
export const endTransactionRecord = metadataRecord(24, 'EndTransactionRecord', '0', {});

/** What followed the beginning is void. */
export const abortTransactionRecord = metadataRecord(25, 'AbortTransactionRecord', '0', {
  reason: nullable(string({ tag: 0, default: null })),
});
