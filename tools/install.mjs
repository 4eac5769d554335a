// Installs the dependencies when they are missing or older than the lock file, so that `npm start` and `npm test`
// work on a fresh clone. Runs on whatever Node started npm (20 or newer), so it is plain JavaScript.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const changedAtMs = (path) => statSync(`${root}${path}`, { throwIfNoEntry: false })?.mtimeMs ?? 0;

if (changedAtMs('node_modules/.package-lock.json') < changedAtMs('package-lock.json')) {
  console.error('Installing dependencies (npm ci) …');
  const shell = process.platform === 'win32';
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell,
  });
  process.exit(status ?? 1);
}
