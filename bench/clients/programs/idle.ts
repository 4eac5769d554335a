/** What a connected client costs that has nothing to do: a producer that has sent, and a consumer of a group that waits. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Load, readLoad } from '../load.ts';
import { Clock, print } from './clock.ts';

/** `open` resolves when both are connected, the consumer has its partitions, and one record has gone through. */
export async function idle(open: (load: Load) => Promise<void>): Promise<void> {
  const load = readLoad();
  await open(load);
  await sleep(load.warmupMs);
  const clock = new Clock();
  await sleep(load.measuredMs);
  const { cpuMs = 0, ms = 0, rssMiB = 0 } = clock.stop(0, 0);
  print({ ms, cpuMs, rssMiB, cpuPercent: (cpuMs / ms) * 100 });
  process.exit(0);
}
