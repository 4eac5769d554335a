/**
 * `npm test`: everything that must hold on each commit, the cheap checks first. `npm run test:all` (`--all`) is the rest: processes that
 * are killed, other people's clients, Apache Kafka beside us. Both end with the closing lines of Node's test runner.
 *
 * Other people's clients have races of their own, on any server. So of the rest what has failed is run once more, and only what fails
 * twice counts; the first output stays in sight.
 */
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Step {
  readonly name: string;
  readonly command: readonly string[];
}

const bin = (name: string): string => `node_modules/.bin/${name}`;
const unit = ['packages/*/src/**/*.test.ts', 'packages/*/src/**/*.fuzz.ts', 'tools/**/*.test.ts'];
const quick = [
  'test/compat/*.test.ts',
  'test/compat/kafkajs/*.test.ts',
  'test/compat/kafkajs-door/*.test.ts',
  'test/compat/platformatic/*.test.ts',
  'test/integration/quick/*.test.ts',
  'test/client/*.test.ts',
];
const long = [
  'test/protocol-drift/*.test.ts',
  'test/simulation/*.test.ts',
  'test/integration/*/*.test.ts',
  'test/packages/*.test.ts',
  'test/compat/kafkajs-door/long/*.test.ts',
  'test/compat/run.ts',
  'test/client/run.ts',
  'test/client/interop/*.test.ts',
  'test/client/endurance/*.test.ts',
  'test/client/security/*.test.ts',
  'test/client/hostile/*.test.ts',
  'test/client/options/*.test.ts',
];

const runAll = process.argv.includes('--all');
const expand = (patterns: readonly string[]): string[] => globSync([...patterns]).sort();

const quickFiles = new Set(expand(quick));

const steps: readonly Step[] = [
  { name: 'tidy', command: ['node', 'tools/tidy.ts'] },
  { name: 'format', command: [bin('oxfmt'), '--check'] },
  { name: 'types', command: [bin('tsc')] },
  { name: 'lint', command: [bin('oxlint'), '--quiet'] },
  { name: 'unused code', command: [bin('knip'), '--no-progress'] },
  { name: 'unit tests', command: ['node', '--test', '--test-isolation=none', '--test-reporter=dot', ...expand(unit)] },
];

if (runAll) {
  run('every benchmark still runs', ['node', 'bench/run.ts', '--smoke']);
  const files = expand(long).filter((file) => !quickFiles.has(file));
  const state = mkdtempSync(join(tmpdir(), 'millrace-check-'));
  process.once('exit', () => rmSync(state, { recursive: true }));
  const options = [
    '--test-concurrency=1',
    '--test-reporter=spec',
    `--test-rerun-failures=${join(state, 'passed.json')}`,
  ];
  run('processes and foreign clients', ['node', '--test', ...options, ...files], 2);
} else {
  for (const { name, command } of steps) run(name, command);
  run('clients', ['node', '--test', '--test-concurrency=1', '--test-reporter=spec', ...quickFiles]);
}

function run(name: string, [command, ...args]: readonly string[], triesMax = 1): void {
  for (let tries = 1; ; tries++) {
    const startedAtMs = performance.now();
    const program = command === 'node' ? process.execPath : (command as string);
    const { status } = spawnSync(program, args, { stdio: 'inherit' });
    const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
    if (status === 0) return console.log(`✓ ${name} (${seconds} s${tries > 1 ? ', NOT AT THE FIRST TRY' : ''})`);
    console.error(`✗ ${name} failed after ${seconds} s`);
    if (tries === triesMax) process.exit(status ?? 1);
    console.error(`… what has failed of ${name} is run once more`);
  }
}
