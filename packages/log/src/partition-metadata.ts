/** `partition.metadata`: the id of the topic that a partition's folder belongs to, so that a topic made anew does not find an old folder. */
import { type Disk, readSmallFile } from '@millrace/base';

const fileName = 'partition.metadata';

/** Undefined when there is no file, or only a part of one. */
export function readTopicId(disk: Disk, folder: string): string | undefined {
  const bytes = readSmallFile(disk, `${folder}/${fileName}`);
  if (bytes === undefined) return undefined;
  return /^version: ?0\s+topic_id: ?([A-Za-z0-9_-]{22})\s*$/.exec(Buffer.from(bytes).toString())?.[1];
}

/** Durable with the folder's next sync; until then the folder holds nothing that anybody was promised. */
export function writeTopicId(disk: Disk, folder: string, topicId: string): void {
  const file = disk.open(`${folder}/${fileName}`, { create: true });
  try {
    const bytes = Buffer.from(`version: 0\ntopic_id: ${topicId}`);
    file.writeSync([bytes], 0);
    file.truncate(bytes.length);
  } finally {
    file.close();
  }
}
