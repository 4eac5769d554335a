/** The table of producers in a file, `<offset>.snapshot`, as it was before that offset: Kafka's version 1, with a checksum of its own. */
import { type Disk, readSmallFile } from '@millrace/base';
import { crc32c } from '@millrace/protocol';

import { readInt64, writeInt64 } from './int64.ts';
import { ProducerEntry, sequenceBefore } from './producer-entry.ts';
import { ProducerTable } from './producer-table.ts';

const formatVersion = 1;
const checksumAt = 2;
const contentAt = 6;
const entriesAt = 10;
const entryBytes = 46;

export function encodeSnapshot(table: ProducerTable): Buffer {
  const bytes = Buffer.alloc(entriesAt + table.size * entryBytes);
  bytes.writeInt16BE(formatVersion, 0);
  bytes.writeInt32BE(table.size, contentAt);
  let at = entriesAt;
  for (const entry of table.entries()) {
    const last = entry.batches.at(-1);
    writeInt64(bytes, at, entry.producerId);
    bytes.writeInt16BE(entry.epoch, at + 8);
    bytes.writeInt32BE(entry.lastSequence, at + 10);
    writeInt64(bytes, at + 14, last?.lastOffset ?? -1);
    bytes.writeInt32BE(last?.offsetDelta ?? 0, at + 22);
    writeInt64(bytes, at + 26, entry.lastTimestampMs);
    bytes.writeInt32BE(entry.coordinatorEpoch, at + 34);
    writeInt64(bytes, at + 38, entry.transactionFirstOffset);
    at += entryBytes;
  }
  bytes.writeUInt32BE(crc32c(bytes.subarray(contentAt)), checksumAt);
  return bytes;
}

/** Undefined when these bytes are not a whole snapshot. */
export function decodeSnapshot(bytes: Buffer): ProducerTable | undefined {
  if (bytes.length < entriesAt || bytes.readInt16BE(0) !== formatVersion) return undefined;
  const count = bytes.readInt32BE(contentAt);
  if (count < 0 || bytes.length !== entriesAt + count * entryBytes) return undefined;
  if (bytes.readUInt32BE(checksumAt) !== crc32c(bytes.subarray(contentAt))) return undefined;
  const table = new ProducerTable();
  for (let at = entriesAt; at < bytes.length; at += entryBytes) table.put(readEntry(bytes, at));
  table.sortOpen();
  return table;
}

export function readSnapshot(disk: Disk, path: string): ProducerTable | undefined {
  const bytes = readSmallFile(disk, path);
  return bytes === undefined ? undefined : decodeSnapshot(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
}

/** Not synced: a torn snapshot shows by its checksum, and the log can tell what was in it. */
export function writeSnapshot(disk: Disk, path: string, table: ProducerTable): void {
  const file = disk.open(path, { create: true });
  try {
    const bytes = encodeSnapshot(table);
    file.truncate(bytes.length);
    file.writeSync([bytes], 0);
  } finally {
    file.close();
  }
}

function readEntry(bytes: Buffer, at: number): ProducerEntry {
  const entry = new ProducerEntry(readInt64(bytes, at));
  const timestampMs = readInt64(bytes, at + 26);
  const lastOffset = readInt64(bytes, at + 14);
  const lastSequence = bytes.readInt32BE(at + 10);
  if (lastSequence >= 0 && lastOffset >= 0) {
    const offsetDelta = bytes.readInt32BE(at + 22);
    const firstSequence = sequenceBefore(lastSequence, offsetDelta);
    entry.batches.push({ firstSequence, lastSequence, lastOffset, offsetDelta, timestampMs });
    entry.forgottenBefore = lastOffset - offsetDelta;
  }
  entry.epoch = bytes.readInt16BE(at + 8);
  entry.lastTimestampMs = timestampMs;
  entry.coordinatorEpoch = bytes.readInt32BE(at + 34);
  entry.transactionFirstOffset = readInt64(bytes, at + 38);
  return entry;
}
