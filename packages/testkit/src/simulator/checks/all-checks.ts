import { acknowledgedRecords } from './acknowledged-records.ts';
import type { Check } from './check.ts';
import { groupOffsets, groupReadsAll } from './group-offsets.ts';
import { groupOwners } from './group-owners.ts';
import { noDuplicates } from './no-duplicates.ts';
import { oneValuePerOffset } from './one-value-per-offset.ts';
import { order } from './order.ts';
import { readers } from './readers.ts';
import { surprises } from './surprises.ts';
import { transactions } from './transactions.ts';
import { watermarks } from './watermarks.ts';

/** By what a violation is called. */
export const allChecks: Readonly<Record<string, Check>> = {
  'acknowledged records are there': acknowledgedRecords,
  'an offset has one value': oneValuePerOffset,
  'order in a partition': order,
  'no duplicates': noDuplicates,
  'committed records and no others': transactions,
  watermarks,
  'stored offsets never go back': groupOffsets,
  'a group reads all': groupReadsAll,
  'one owner per generation': groupOwners,
  'a reader is given all': readers,
  surprises,
};
