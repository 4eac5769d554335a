/** The examples of `docs/guide/client.md`, run as they stand there, but for the address and the names of topics and groups. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, suite, test } from 'node:test';
import { promisify } from 'node:util';

import { openTarget, uniqueName } from './target.ts';

const root = resolve(import.meta.dirname, '../..');
const guide = readFileSync(join(root, 'docs/guide/client.md'), 'utf8');
const examples = [...guide.matchAll(/^## (.+?)\n[^]*?^```ts\n([^]*?)^```/gm)].map(([, title, code]) => ({
  title: title!,
  code: code!,
}));
const names =
  /'(orders|trips|counts|parcels|payments|billing|jobs|workers|repairs|mechanics|deliveries|couriers|visits|watched|winds|sailors)'|\b(trips|counts|parcels)(?=: \{)/g;

/** What an example prints, as far as the page promises it. */
const prints: Readonly<Record<string, RegExp>> = {
  Produce: /order stands at offset \d+ of partition 0/,
  Types: /Queens 0n/,
  Schemas: /its schema says id: .*int[^]*2026/,
  'Consume in a group': /mine now: 1[^]*0\/0: 10\.00[^]*given back: 1/,
  'Handlers, side by side': /job 1[^]*job 2[^]*job 3/,
  'A stream for each partition': /0: north\n0: east\n0: south/,
  'Share groups': /pump, try 1\nvalve, try 1\nnonsense, try 1\nengine, try 1\nvalve, try 2\nsettled: true/,
  'Share groups with handlers': /(?:delivered parcel [1-4]\n){4}/,
  Administer: /3\ntrue/,
  'Metrics and tracing': /sent: 1\nreceive \S+ 1\nhello\nconsumed: 1/,
  'When something goes wrong': /MESSAGE_TOO_LARGE false .*max\.request\.size/,
};

suite('the guide of the client', async () => {
  const target = await openTarget();
  const folder = mkdtempSync(join(tmpdir(), 'millrace-guide-'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await target[Symbol.asyncDispose]();
  });
  const run = uniqueName('guide');
  const named = (code: string): string =>
    code
      .replaceAll('localhost:9092', target.bootstrap)
      .replace(names, (text, quoted: string | undefined, key: string | undefined) =>
        quoted === undefined ? text.replace(key!, `'${run}-${key}'`) : `'${run}-${quoted}'`,
      );

  test('has an example for each thing that is checked here', () => {
    assert.deepEqual(examples.map(({ title }) => title).sort(), Object.keys(prints).sort());
  });
  for (const [index, { code }] of examples.entries()) writeFileSync(join(folder, `${index}.mts`), named(code));

  test('has the types that it says', { timeout: 60_000 }, async () => {
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: join(root, 'tsconfig.json'), include: ['*.mts'] }),
    );
    const tsc = join(root, 'node_modules/.bin/tsc');
    await promisify(execFile)(tsc, ['--project', folder], { cwd: folder }).catch(({ stdout }: { stdout: string }) =>
      assert.fail(stdout),
    );
  });
  for (const [index, { title }] of examples.entries()) {
    test(title, { timeout: 60_000 }, async (context) => {
      if (title.startsWith('Share groups') && target.kind === 'millrace')
        return context.skip('Millrace has no share groups');
      const options = { cwd: folder, timeout: 50_000 };
      const { stdout } = await promisify(execFile)(process.execPath, [`${index}.mts`], options);
      assert.match(stdout, prints[title]!);
    });
  }
});
