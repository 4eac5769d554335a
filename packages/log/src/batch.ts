export * as header from '../../protocol/src/records/batch-header.ts';
export { crc32c, checksumOf } from '../../protocol/src/crc32c.ts';
export { validateBatch, type BatchRules } from '../../protocol/src/records/validate-batch.ts';
export { recompress, stampLogAppendTime, stampMaxTimestamp } from '../../protocol/src/records/stamp-batch.ts';
export { decodeBatch } from '../../protocol/src/records/decode-batch.ts';
export { decodeControlRecord } from '../../protocol/src/records/control-record.ts';
export { codecNamed } from '../../protocol/src/compression/compression.ts';
