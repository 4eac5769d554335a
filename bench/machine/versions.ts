// Versions and hardware for the record: a figure without them cannot be repeated.

import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { KAFKA_VERSION } from '../../tools/reference/kafka-home.ts';

const root = join(import.meta.dirname, '..', '..');

export interface Versions {
  millrace: string;
  commit: string;
  /** Whether files of the tree differ from the commit. */
  changed: boolean;
  kafka: string;
  node: string;
  java: string;
  go: string;
  franzGo: string;
  kernel: string;
  cpu: string;
  cores: number;
  memoryGiB: number;
}

export function versions(): Versions {
  const manifest: { version: string } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const goMod = readFileSync(join(root, 'bench', 'driver', 'go.mod'), 'utf8');
  return {
    millrace: manifest.version,
    commit: git('rev-parse', '--short=12', 'HEAD'),
    changed: git('status', '--porcelain', '--untracked-files=no', 'packages') !== '',
    kafka: KAFKA_VERSION,
    node: process.version,
    java: /version "([^"]+)"/.exec(spawnSync('java', ['-version'], { encoding: 'utf8' }).stderr)?.[1] ?? '',
    go: /go(\d[\d.]*)/.exec(spawnSync('go', ['version'], { encoding: 'utf8' }).stdout)?.[1] ?? '',
    franzGo: /franz-go (v\S+)/.exec(goMod)?.[1] ?? '',
    kernel: release(),
    cpu: cpus()[0]?.model ?? '',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
  };
}

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
}
