/**
 * The cluster that the client's tests run against: a Millrace broker in this process, or whatever `CLIENT_BOOTSTRAP` names, which
 * `test/client/run.ts` starts (Apache Kafka with one broker and with three). Clusters are shared: tests take names of their own.
 */
import { startBroker } from '@millrace/testkit';

export interface Target extends AsyncDisposable {
  readonly bootstrap: string;
  readonly kind: 'millrace' | 'kafka';
  /** How many brokers it has; topics of tests are replicated to as many. */
  readonly brokers: number;
}

const bootstrap = process.env['CLIENT_BOOTSTRAP'];

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
  return { bootstrap: broker.bootstrap, kind: 'millrace', brokers: 1, [Symbol.asyncDispose]: () => broker.stop() };
}

let count = 0;

/** A name that no other test of any run has. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${process.pid}-${Date.now().toString(36)}-${++count}`;
}
