// A broker inside a test process: what a test waits for it. Kafka cannot do this, so the figure stands by itself.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { OwnCase, Row } from '../case.ts';
import { percentile } from '../figures.ts';

const program = join(import.meta.dirname, '..', 'embedded-starts.ts');
const time: Pick<Row, 'unit' | 'better' | 'against'> = { unit: 'ms', better: 'lower', against: 'absolute' };

export const embedded: OwnCase = {
  name: 'embedded',
  text: '`startBroker()` to the first record written and read, 100 starts in a warm process',
  durability: 'os',
  storage: 'memory',
  brokers: 'own',
  bytes: 0,
  only: 'millrace',
  roundsMax: 4,
  rows: [
    { figure: 'p95Ms', text: 'p95', ...time, must: 50 },
    { figure: 'p50Ms', text: 'p50', ...time },
  ],
  run: async ({ smoke }) => {
    const { stdout } = await promisify(execFile)(process.execPath, [program, smoke ? '5' : '100']);
    const milliseconds: number[] = JSON.parse(stdout);
    return { p50Ms: percentile(milliseconds, 0.5), p95Ms: percentile(milliseconds, 0.95) };
  },
};
