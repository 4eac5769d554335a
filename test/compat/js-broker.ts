// The broker the JavaScript clients talk to: one in this process, or the one at COMPAT_BOOTSTRAP=host:port (how these tests are
// proved against Apache Kafka: tools/reference/main.ts start --override group.min.session.timeout.ms=1000).

import { startBroker } from '@millrace/testkit';

export interface BrokerForTest extends AsyncDisposable {
  bootstrap: string;
  host: string;
  port: number;
}

export async function brokerForTest(): Promise<BrokerForTest> {
  const given = process.env['COMPAT_BOOTSTRAP'];
  if (given === undefined) return await startBroker({ 'group.min.session.timeout.ms': '1000' });
  const [host = '', port = ''] = given.split(':');
  return { bootstrap: given, host, port: Number(port), [Symbol.asyncDispose]: async () => undefined };
}

let made = 0;

/** A name nobody had before, for a broker that outlives the test. */
export function freshName(prefix: string): string {
  return `${prefix}-${process.pid}-${Date.now()}-${made++}`;
}
