/**
 * Which partition of `__consumer_offsets` keeps a group: Java's hash of the group id, made positive, modulo the count. It must never
 * change, or the groups of a directory that Kafka wrote are not found.
 */
export function partitionOf(groupId: string, partitionCount: number): number {
  let hash = 0;
  for (let at = 0; at < groupId.length; at++) hash = (Math.imul(hash, 31) + groupId.charCodeAt(at)) | 0;
  const positive = hash === -0x8000_0000 ? 0 : Math.abs(hash);
  return positive % partitionCount;
}
