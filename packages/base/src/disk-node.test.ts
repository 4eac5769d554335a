import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, test } from 'node:test';

import { NodeDisk } from './disk-node.ts';
import { readSmallFile, replaceSmallFile } from './disk.ts';

const root = mkdtempSync(`${tmpdir()}/millrace-disk-`);
const disk = new NodeDisk();
after(() => rmSync(root, { recursive: true, force: true }));

function folder(name: string): string {
  disk.makeFolder(`${root}/${name}`);
  return `${root}/${name}`;
}

test('what is written is read back, at its position', async () => {
  const file = disk.open(`${folder('plain')}/file`, { create: true });
  file.writeSync([Buffer.from('hello')], 3);
  assert.equal(file.size(), 8);
  await file.write([Buffer.from('w'), Buffer.from('orld')], 8);
  const target = Buffer.alloc(100);
  assert.equal(file.readSync(target, 3), 10);
  assert.equal(target.toString('utf8', 0, 10), 'helloworld');
  assert.equal(await file.read(target, 11), 2);
  assert.equal(file.readSync(target, 13), 0);
  file.truncate(5);
  assert.equal(file.size(), 5);
  await file.sync();
  file.syncSync();
  file.close();
});

test('more chunks than one call takes are written all the same, in order', async () => {
  const file = disk.open(`${folder('chunks')}/file`, { create: true });
  const chunks = Array.from({ length: 3000 }, (_, index) => Buffer.from(`${index},`));
  const expected = Buffer.concat(chunks);
  file.writeSync(chunks, 0);
  await file.write(chunks, expected.length);
  const target = Buffer.alloc(expected.length * 2);
  file.readSync(target, 0);
  assert.deepEqual(target, Buffer.concat([expected, expected]));
  file.close();
});

test('a file that is missing is only made when that is asked for', () => {
  const path = `${folder('missing')}/file`;
  assert.throws(() => disk.open(path), { code: 'ENOENT' });
  assert.equal(disk.stat(path), undefined);
  disk.open(path, { create: true }).close();
  assert.equal(disk.stat(path)?.size, 0);
});

test('a file that is closed under a running call is closed after it', async () => {
  const file = disk.open(`${folder('closing')}/file`, { create: true });
  file.writeSync([Buffer.alloc(1 << 20, 7)], 0);
  const target = Buffer.alloc(1 << 20);
  const reading = file.read(target, 0);
  const syncing = file.sync();
  file.close();
  file.close();
  assert.equal(await reading, 1 << 20);
  await syncing;
  assert.throws(() => file.size(), { code: 'EBADF' });
});

test('folders are listed in order, renamed, synced and removed with all they hold', async () => {
  const path = folder('tree');
  disk.makeFolder(`${path}/b/c`);
  disk.makeFolder(`${path}/b/c`);
  disk.open(`${path}/a`, { create: true }).close();
  assert.deepEqual(disk.list(path), ['a', 'b']);
  assert.deepEqual(disk.list(`${path}/none`), []);
  disk.rename(`${path}/b`, `${path}/d`);
  disk.syncFolder(path);
  await disk.syncFolderAsync(path);
  assert.equal(disk.stat(`${path}/d/c`)?.isFolder, true);
  disk.remove(`${path}/d`);
  disk.remove(`${path}/d`);
  assert.deepEqual(disk.list(path), ['a']);
  await assert.rejects(disk.syncFolderAsync(`${path}/d`), { code: 'ENOENT' });
});

test('files and folders are removed aside as well, and what is missing is no error', async () => {
  const path = folder('removed');
  for (const name of ['aside/file', 'aside']) {
    disk.makeFolder(`${path}/aside`);
    disk.open(`${path}/aside/file`, { create: true }).close();
    await disk.removeAsync(`${path}/${name}`);
    assert.equal(disk.stat(`${path}/${name}`), undefined);
  }
  await disk.removeAsync(`${path}/aside`);
});

test('a file has the time that it is given', () => {
  const path = `${folder('time')}/file`;
  const file = disk.open(path, { create: true });
  file.setModifiedAt(1_600_000_000_123);
  assert.equal(disk.stat(path)?.modifiedAtMs, 1_600_000_000_123);
  file.close();
});

test('a small file is replaced as a whole', () => {
  const path = `${folder('small')}/file`;
  assert.equal(readSmallFile(disk, path), undefined);
  replaceSmallFile(disk, path, Buffer.from('first, and longer'));
  replaceSmallFile(disk, path, Buffer.from('second'));
  assert.equal(Buffer.from(readSmallFile(disk, path) ?? []).toString(), 'second');
  assert.deepEqual(disk.list(`${root}/small`), ['file']);
});

test('a lock keeps out this process and others, and ends with its owner', () => {
  const path = folder('locked');
  const script = `import { NodeDisk } from '${import.meta.dirname}/disk-node.ts'; console.log(new NodeDisk().lock('${path}') !== undefined)`;
  const other = (): string =>
    spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).stdout.trim();
  const lock = disk.lock(path);
  assert.ok(lock);
  assert.equal(disk.lock(path), undefined);
  assert.equal(other(), 'false');
  lock.release();
  assert.equal(other(), 'true');
  disk.lock(path)?.release();
  assert.deepEqual(disk.list(path), ['.lock']);
});

test('the size of the disk is known', () => {
  assert.ok(disk.freeBytes(root) > 0);
  assert.ok(disk.totalBytes(root) >= disk.freeBytes(root));
});
