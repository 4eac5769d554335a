import { batchFault, type BatchFault, type RecordFault } from './batch-fault.ts';
import * as header from './batch-header.ts';
import { readRecord } from './decode-batch.ts';
import type { Cursor } from './varint.ts';

export interface RecordRules {
  readonly isCompacted: boolean;
  readonly timestampType: 'CreateTime' | 'LogAppendTime';
  /** The range of timestamps that the topic takes now. */
  readonly earliest: number;
  readonly latest: number;
}

const noTimestamp = -1;
/** More would only make the answer larger: whoever sends a thousand wrong records has one fault. */
const faultsMax = 1000;

/** The second, slow look at a batch that breaks a rule of its topic: names each record that does, or nothing when none does after all. */
export function recordFaults(bytes: Buffer, records: Buffer, rules: RecordRules): BatchFault | undefined {
  const count = header.recordCount(bytes, 0);
  const base = header.baseTimestamp(bytes, 0);
  const isLogAppendTime = header.isLogAppendTime(bytes, 0);
  const cursor: Cursor = { bytes: records, at: 0 };
  const faults: RecordFault[] = [];
  let timestampsAreWrong = false;
  for (let batchIndex = 0; batchIndex < count && faults.length < faultsMax; batchIndex++) {
    const { keyBytes, timestampDelta } = readRecord(cursor, batchIndex);
    if (rules.isCompacted && keyBytes < 0) {
      faults.push({ batchIndex, message: 'The record has no key, and the topic is compacted.' });
      continue;
    }
    const message = timestampFault(base + timestampDelta, isLogAppendTime, rules);
    if (message === undefined) continue;
    faults.push({ batchIndex, message });
    timestampsAreWrong = true;
  }
  if (faults.length === 0) return undefined;
  const error = timestampsAreWrong ? 'INVALID_TIMESTAMP' : 'INVALID_RECORD';
  return batchFault(
    error,
    `${faults.length} of ${count} records were refused. The first: ${faults[0]!.message}`,
    faults,
  );
}

function timestampFault(timestamp: number, isLogAppendTime: boolean, rules: RecordRules): string | undefined {
  if (isLogAppendTime && rules.timestampType === 'LogAppendTime')
    return 'The producer claims that the log set the timestamp, which only a broker may.';
  if (rules.timestampType === 'LogAppendTime' || timestamp === noTimestamp) return undefined;
  if (timestamp >= rules.earliest && timestamp <= rules.latest) return undefined;
  return `Timestamp ${timestamp} is outside of what the topic takes now, ${rules.earliest} to ${rules.latest}.`;
}
