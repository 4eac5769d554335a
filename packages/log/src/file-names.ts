/** The names of files in a partition's folder, and of the folder itself. Kafka's. */
const offsetDigits = 20;

/** What a file of a segment holds. */
export const fileKinds = ['.log', '.index', '.timeindex', '.txnindex', '.snapshot'] as const;
/** Those that change with the batches. */
export const segmentKinds = ['.log', '.index', '.timeindex', '.txnindex'] as const;
export type FileKind = (typeof fileKinds)[number];

/** Given up; removed after a delay, or at the next start. */
export const deletedSuffix = '.deleted';
/** A compacted segment that is complete and takes the place of its originals. */
export const swapSuffix = '.swap';
/** A compacted segment that is not complete. */
export const cleanedSuffix = '.cleaned';
export const temporarySuffix = '.tmp';
/** Of the folder of a deleted partition. */
export const deleteFolderSuffix = '-delete';
/** Of a folder that belongs to no partition of this broker; as in Kafka, nobody removes it but its owner. */
export const strayFolderSuffix = '-stray';
/** Of the folder of a copy that is being made, for a partition that moves here. */
export const futureFolderSuffix = '-future';

export function offsetName(offset: number): string {
  return String(offset).padStart(offsetDigits, '0');
}

export function filePath(folder: string, offset: number, kind: FileKind): string {
  return `${folder}/${offsetName(offset)}${kind}`;
}

/** The offset that a name begins with, if it is the name of a file of this kind. */
export function offsetOf(name: string, kind: string): number | undefined {
  if (!name.endsWith(kind) || name.length !== offsetDigits + kind.length) return undefined;
  const digits = name.slice(0, offsetDigits);
  return /^\d+$/.test(digits) ? Number(digits) : undefined;
}

/** `<topic>-<partition>`, undefined for any other name: topics have dashes in them, the partition is what follows the last one. */
export function partitionOf(folderName: string): { topic: string; partition: number } | undefined {
  const found = /^([a-zA-Z0-9._-]{1,249})-(\d{1,10})$/.exec(folderName);
  if (found === null) return undefined;
  return { topic: found[1]!, partition: Number(found[2]) };
}
