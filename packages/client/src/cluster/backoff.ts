import type { Random } from '@millrace/base';

/** The pause before try number `tries` (from 1): doubles up to `maxMs`, a fifth more or less, so that not all come back at once (KIP-580). */
export function backoffMs(tries: number, firstMs: number, maxMs: number, random: Random): number {
  const ceiling = Math.max(firstMs, maxMs);
  const whole = Math.min(ceiling, firstMs * 2 ** Math.min(tries - 1, 30));
  return Math.round(whole * (0.8 + (0.4 * random.below(1001)) / 1000));
}
