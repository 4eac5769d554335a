/** The health of a broker process, seen from outside: it lives, it says nothing of broken invariants, its memory comes back. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { WireClient } from '@millrace/testkit';

import type { BrokerProcess } from '../broker-process.ts';

const slackBytes = 32 << 20;
const perByteReceived = 4;
/** How long the collector may take to notice that nobody holds what was there. */
const settleMsMax = 20_000;

export class Vitals {
  readonly #broker: BrokerProcess;
  readonly #bytesBefore: number;
  readonly #linesBefore: number;

  private constructor(broker: BrokerProcess, bytesBefore: number) {
    this.#broker = broker;
    this.#bytesBefore = bytesBefore;
    this.#linesBefore = broker.lines.length;
  }

  static async of(broker: BrokerProcess): Promise<Vitals> {
    await sleep(200);
    return new Vitals(broker, residentBytes(broker));
  }

  /** `capBytes`: what a limit of the broker lets it hold besides. Gives what is held for the report. */
  async check(
    bytesReceived: number,
    capBytes = 0,
  ): Promise<{ readonly heldBytes: number; readonly allowedBytes: number }> {
    this.checkLog();
    const allowedBytes = perByteReceived * bytesReceived + slackBytes + capBytes;
    const untilMs = performance.now() + settleMsMax;
    await using client = await WireClient.connect(this.#broker.bootstrap);
    let heldBytes = residentBytes(this.#broker) - this.#bytesBefore;
    while (heldBytes > allowedBytes && performance.now() < untilMs) {
      for (let request = 0; request < 500; request++) await client.send('metadata', 12, { topics: null });
      await sleep(100);
      heldBytes = residentBytes(this.#broker) - this.#bytesBefore;
    }
    assert.ok(
      heldBytes <= allowedBytes,
      `${mebibytes(heldBytes)} are held after ${mebibytes(bytesReceived)} were received; at most ${mebibytes(allowedBytes)} may be`,
    );
    return { heldBytes, allowedBytes };
  }

  /** Alive, and without a line that tells of a bug. */
  checkLog(): void {
    process.kill(this.#broker.pid, 0);
    const bad = this.#broker.lines.slice(this.#linesBefore).filter(isBad);
    assert.deepEqual(bad.slice(0, 5), [], `${bad.length} lines of the log tell of a bug`);
  }
}

/** Runs a test's steps; when they fail, the broker's last words are in the error. */
export async function withLastWords(broker: BrokerProcess, steps: () => Promise<void>): Promise<void> {
  try {
    await steps();
  } catch (error) {
    // The process may still be on its way out.
    await sleep(500);
    const words = broker.lines.filter(isBad).slice(-5);
    throw new Error(
      `${error instanceof Error ? error.message : String(error)}\nthe broker's last words:\n${words.join('\n')}`,
      { cause: error },
    );
  }
}

/** Errors and worse, and whatever is no line of the logger. */
function isBad(line: string): boolean {
  if (!line.startsWith('{')) return true;
  return (JSON.parse(line) as { level: number }).level >= 50;
}

export function residentBytes({ pid }: BrokerProcess): number {
  const found = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.[1]) * 1024;
}

export function mebibytes(bytes: number): string {
  return `${(bytes / (1 << 20)).toFixed(1)} MiB`;
}
