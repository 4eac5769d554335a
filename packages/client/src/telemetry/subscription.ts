/** What a broker wants to hear of this client. In: its answer to GetTelemetrySubscriptions. Out: the same with its faults put right. */
import { codecs, type ExactResponse, zeroUuid } from '@millrace/protocol';

export interface Subscription {
  readonly clientInstanceId: string;
  readonly id: number;
  /** How to compress, what the broker likes best first. */
  readonly compressionIds: readonly number[];
  readonly intervalMs: number;
  readonly bytesMax: number;
  /** Whether sums are told as what has come to them since the last push. */
  readonly isDelta: boolean;
  /** Which metrics, by the beginning of their names; `*` is all of them, and none of them is nothing. */
  readonly prefixes: readonly string[];
}

export const intervalMsDefault = 300_000;
/** The shortest that Kafka takes; a broker that says less is not let to keep us at work. */
const intervalMsMin = 100;
const bytesMaxDefault = 1 << 20;
const prefixesMax = 1000;

/** Undefined for an answer without an id to push under. */
export function subscriptionOf(answer: ExactResponse<'getTelemetrySubscriptions'>): Subscription | undefined {
  const { clientInstanceId, pushIntervalMs, telemetryMaxBytes } = answer;
  if (clientInstanceId === zeroUuid) return undefined;
  return {
    clientInstanceId,
    id: answer.subscriptionId,
    compressionIds: answer.acceptedCompressionTypes.filter((id) => codecs[id] !== undefined),
    intervalMs: pushIntervalMs <= 0 ? intervalMsDefault : Math.max(pushIntervalMs, intervalMsMin),
    bytesMax: telemetryMaxBytes <= 0 ? bytesMaxDefault : telemetryMaxBytes,
    isDelta: answer.deltaTemporality,
    prefixes: answer.requestedMetrics.slice(0, prefixesMax),
  };
}

export function isWanted(name: string, { prefixes }: Pick<Subscription, 'prefixes'>): boolean {
  if (prefixes.length === 1 && prefixes[0] === '*') return true;
  return prefixes.some((prefix) => name.startsWith(prefix));
}
