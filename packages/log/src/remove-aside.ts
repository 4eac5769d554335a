import type { Disk } from '@millrace/base';

/**
 * Removes what has a name already by which the next start knows that it is to go. Giving back gigabytes takes a file system longer than
 * anybody should have to wait for, so it is done aside where the disk can do that.
 */
export function removeAside(disk: Disk, path: string): void {
  if (disk.removeAsync === undefined) disk.remove(path);
  else disk.removeAsync(path).catch(() => undefined);
}
