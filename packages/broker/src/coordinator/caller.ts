/** Who sends a request, as far as groups are concerned. */
import type { Exchange } from '../exchange.ts';

export interface Caller {
  readonly clientId: string;
  /** As Kafka writes addresses. */
  readonly clientHost: string;
  readonly apiVersion: number;
}

export function callerOf({
  clientId,
  clientHost,
  apiVersion,
}: Pick<Exchange, 'clientId' | 'clientHost' | 'apiVersion'>): Caller {
  return { clientId: clientId ?? '', clientHost: `/${clientHost.replace(/^::ffff:/, '')}`, apiVersion };
}
