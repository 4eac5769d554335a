/** What a subscription to the metrics of clients is made of. */
import { changeable, int, list, splitList, valueFault, type KeyTable } from '@millrace/base';
import { errors } from '@millrace/protocol';

import type { Fault } from '../metadata/controller.ts';
import { matchPattern } from '../telemetry/match-pattern.ts';

export const clientMetricsKeys = changeable({
  'interval.ms': int(300_000, {}, 'How often clients push their metrics.'),
  match: list('', {}, 'Which clients push: name=pattern, separated by commas; all when empty.'),
  metrics: list('', {}, 'Which metrics are pushed, by the beginning of their names; * for all, none when empty.'),
});

const intervalMsMin = 100;
const intervalMsMax = 3_600_000;
/** What a client may be chosen by. */
const matchable: ReadonlySet<string> = new Set([
  'client_instance_id',
  'client_id',
  'client_software_name',
  'client_software_version',
  'client_source_address',
  'client_source_port',
]);

/** Kafka's sentence for what is wrong with a subscription. */
export function clientMetricsFault(texts: ReadonlyMap<string, string>): Fault | undefined {
  const table: KeyTable = clientMetricsKeys;
  for (const [name, text] of texts) {
    const key = Object.hasOwn(table, name) ? table[name] : undefined;
    if (key === undefined)
      return { errorCode: errors.INVALID_REQUEST, errorMessage: `Unknown client metrics configuration: ${name}` };
    const fault = valueFault(name, key, text);
    if (fault !== undefined) return { errorCode: errors.INVALID_CONFIG, errorMessage: fault };
  }
  const interval = Number(texts.get('interval.ms') ?? intervalMsMin);
  if (interval < intervalMsMin || interval > intervalMsMax) {
    const errorMessage = `Invalid value ${interval} for interval.ms, interval must be between ${intervalMsMin} and ${intervalMsMax} (1 hour)`;
    return { errorCode: errors.INVALID_REQUEST, errorMessage };
  }
  const bad = splitList(texts.get('match') ?? '').find((pattern) => !isMatch(pattern));
  if (bad === undefined) return undefined;
  return { errorCode: errors.INVALID_CONFIG, errorMessage: `Illegal client matching pattern: ${bad}` };
}

function isMatch(pattern: string): boolean {
  const [name = '', ...rest] = pattern.split('=');
  return matchable.has(name.trim()) && rest.length === 1 && matchPattern((rest[0] ?? '').trim()) !== undefined;
}
