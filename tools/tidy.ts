/**
 * Style as a test: what no linter knows. The arrow between packages, names that say nothing, files nobody imports, packages without
 * a README, reference pages that are not fresh.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';

import { pages } from './docs.ts';

/** design.md, section 2: what each package may import. Tests may import `testkit` too. */
const arrow: ReadonlyMap<string, readonly string[]> = new Map([
  ['base', []],
  ['protocol', ['base']],
  ['net', ['base', 'protocol']],
  ['log', ['base', 'protocol']],
  ['broker', ['base', 'protocol', 'net', 'log']],
  ['client', ['base', 'protocol', 'net']],
  ['kafkajs', ['base', 'protocol', 'client']],
  ['cli', ['base', 'protocol', 'net', 'log', 'broker', 'client']],
  ['testkit', ['base', 'protocol', 'net', 'log', 'broker']],
]);
const vagueNames = /(^|-)(manager|helpers?|utils?|common|misc|impl|info|data)(-|\.|$)/;
/** What several tests of a folder stand on: no part of the package. */
const stage = /^packages\/(?!testkit\/).*-stage\.ts$/;
const linesMax = 600;
/** Files that programs start from, not imports. */
const entrances = [
  /^packages\/[^/]+\/src\/(simulator\/)?(index|main)\.ts$/,
  /^packages\/cli\/src\//,
  /^packages\/protocol\/src\/print-codec\.ts$/,
  /^(tools|bench|examples|test)\//,
  /\.(test|fuzz|bench)\.ts$/,
];

/** What runs in the simulator, where one seed decides everything. `setImmediate` stays in order without a host. */
const mustBeSimulated = /^packages\/(protocol|log|broker|net|client)\/src\//;
const uncertain = [
  'Date.now(',
  'Math.random(',
  'performance.now(',
  'setTimeout(',
  'setInterval(',
  'randomUUID(',
  'randomBytes(',
  "from 'node:crypto'",
  "from 'node:dns'",
  "from 'node:fs'",
];
/** Apart from it: a thread of its own, clients' sockets and secrets, the port for scrapers, and what only tests read. */
const ownTime = [
  /\/log\/src\/cleaner\/cleaner-worker\.ts$/,
  /\/net\/src\/dial\.ts$/,
  /\/client\/src\/(client-host|security\/[a-z-]+|admin\/scram-credentials)\.ts$/,
  /\/broker\/src\/admin\//,
  /\/golden-records\.ts$/,
];

const faults: string[] = [];
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(file));
const sources = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]));
const imported = new Set<string>();

for (const [file, text] of sources) {
  checkName(file);
  checkText(file, text);
  for (const target of importsOf(text)) checkImport(file, target);
}
for (const file of sources.keys()) {
  if (!imported.has(file) && !entrances.some((pattern) => pattern.test(file)))
    faults.push(`${file}: nobody imports it`);
}
for (const name of arrow.keys()) {
  if (!existsSync(`packages/${name}/README.md`)) faults.push(`packages/${name}: has no README.md`);
}
for (const [path, text] of pages()) {
  if (!existsSync(path) || readFileSync(path, 'utf8') !== text)
    faults.push(`${path}: is not fresh, run "npm run docs"`);
}

for (const fault of faults) console.error(fault);
process.exit(faults.length === 0 ? 0 : 1);

function checkName(file: string): void {
  const name = basename(file);
  if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.property)?(\.(test|fuzz|bench|d))?\.ts$/.test(name))
    faults.push(`${file}: names are kebab-case`);
  if (vagueNames.test(name)) faults.push(`${file}: the name says nothing; find the noun`);
}

function isTest(file: string): boolean {
  return /\.(test|fuzz|bench)\.ts$/.test(file) || stage.test(file);
}

function checkText(file: string, text: string): void {
  const lines = text.split('\n');
  if (lines.length > linesMax && !isTest(file) && !file.includes('/config/'))
    faults.push(`${file}: ${lines.length} lines, at most ${linesMax}`);
  for (const [index, line] of lines.entries()) {
    if (/\b(test|describe|it)\.only\(/.test(line) || /^\s*debugger;/.test(line))
      faults.push(`${file}:${index + 1}: left over from debugging`);
    if (/\b(TODO|FIXME|XXX)\b/.test(line) && !file.startsWith('tools/tidy'))
      faults.push(`${file}:${index + 1}: a TODO belongs into an issue`);
  }
  if (mustBeSimulated.test(file) && !isTest(file) && !ownTime.some((pattern) => pattern.test(file))) {
    for (const banned of uncertain) {
      if (text.includes(banned)) faults.push(`${file}: ${banned} comes in through the host`);
    }
  }
}

function importsOf(text: string): string[] {
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)|(?:^|\n)import\s+'([^']+)'/g,
  );
  return [...found].map((match) => (match[1] ?? match[2] ?? match[3]) as string);
}

function checkImport(file: string, target: string): void {
  if (target.startsWith('.')) imported.add(normalize(join(dirname(file), target)));
  if (target.endsWith('-stage.ts') && !isTest(file) && file.startsWith('packages/') && !file.includes('/testkit/'))
    faults.push(`${file}: a stage is for tests only`);
  const from = /^packages\/([^/]+)\//.exec(file)?.[1];
  const to = /^@millrace\/([^/]+)/.exec(target)?.[1];
  if (from === undefined || to === undefined || from === to) return;
  if (arrow.get(from)?.includes(to) !== true && !(isTest(file) && (to === 'testkit' || to === 'log'))) {
    faults.push(`${file}: ${from} may not import ${to} (the arrow in tools/tidy.ts)`);
  }
}
