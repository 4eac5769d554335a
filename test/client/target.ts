/**
 * The cluster that the client's tests run against: a Millrace broker in this process, or whatever `CLIENT_BOOTSTRAP` names, which
 * `test/client/run.ts` starts (Apache Kafka with one broker and with three). Clusters are shared: tests take names of their own.
 */
import { startBroker } from '@millrace/testkit';

import { openRanged, type RangeName } from './version-ranges.ts';

export interface Target extends AsyncDisposable {
  readonly bootstrap: string;
  readonly kind: 'millrace' | 'kafka';
  /** How many brokers it has; topics of tests are replicated to as many. */
  readonly brokers: number;
}

const bootstrap = process.env['CLIENT_BOOTSTRAP'];
/** Versions are cut down to those of other brokers, see `version-ranges.ts`. */
const ranges = process.env['CLIENT_RANGES'] as RangeName | undefined;

/** Members are heard of often, and may be given short sessions. */
export const quickGroups = {
  'group.min.session.timeout.ms': '500',
  'group.consumer.min.heartbeat.interval.ms': '100',
  'group.consumer.heartbeat.interval.ms': '200',
  'group.consumer.min.session.timeout.ms': '500',
};

export async function openTarget(): Promise<Target> {
  if (bootstrap !== undefined && bootstrap !== '') {
    const brokers = bootstrap.split(',').length;
    return { bootstrap, kind: 'kafka', brokers, [Symbol.asyncDispose]: async () => {} };
  }
  const broker = await startBroker(quickGroups);
  if (ranges !== undefined) {
    const proxy = await openRanged(broker.bootstrap, ranges);
    const stop = async (): Promise<void> => {
      await proxy.close();
      await broker.stop();
    };
    return { bootstrap: proxy.bootstrap, kind: 'millrace', brokers: 1, [Symbol.asyncDispose]: stop };
  }
  return { bootstrap: broker.bootstrap, kind: 'millrace', brokers: 1, [Symbol.asyncDispose]: () => broker.stop() };
}

let count = 0;

/** A name that no other test of any run has. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${process.pid}-${Date.now().toString(36)}-${++count}`;
}
