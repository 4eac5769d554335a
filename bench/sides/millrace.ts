// Millrace as its users start it: the launcher in bin/, defaults, and the durability of the case.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../tools/reference/kafka-node.ts';
import type { Durability, Site, SiteOptions } from './broker.ts';

const root = join(import.meta.dirname, '..', '..');

const durabilityProperties: Record<Durability, Record<string, string>> = { os: { 'log.durability': 'os' }, sync: {} };

/** What distinguishes the start from the default one, for the record. */
export function millraceFlags(durability: Durability): string[] {
  return Object.entries(chosen(durability)).map(([key, value]) => `${key}=${value}`);
}

export async function layOutMillrace({ dir, durability }: SiteOptions): Promise<Site> {
  const host = '127.0.0.1';
  const [port, adminPort] = [await freePort(), await freePort()];
  const logDir = join(dir, 'data');
  mkdirSync(dir, { recursive: true });
  const properties = {
    listeners: `PLAINTEXT://${host}:${port}`,
    'log.dirs': logDir,
    'admin.listener': `${host}:${adminPort}`,
    ...chosen(durability),
  };
  const overrides = Object.entries(properties).flatMap(([key, value]) => ['--override', `${key}=${value}`]);
  return {
    side: 'millrace',
    host,
    port,
    bootstrap: `${host}:${port}`,
    logDir,
    cwd: root,
    command: 'sh',
    args: ['bin/kafka-server-start', ...overrides],
  };
}

/** Deleted topics give their pages back before the next run. */
function chosen(durability: Durability): Record<string, string> {
  return { 'log.segment.delete.delay.ms': '1000', ...durabilityProperties[durability] };
}
