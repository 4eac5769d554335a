/** The options of an admin, under Kafka's own names, with the defaults of Kafka 4.4's Java client. */
import { boolean, int, intMax, list, long } from '@millrace/base';

import { clientKeys } from '../options/client-keys.ts';

export const adminKeys = {
  ...clientKeys,
  'bootstrap.controllers': list(
    '',
    {},
    'Controllers to ask in place of brokers, host:port; for what they answer themselves (KIP-919).',
  ),
  'connections.max.idle.ms': long(300_000, {}, 'A connection without requests is closed after this time.'),
  'enable.metrics.push': boolean(
    false,
    { importance: 'low' },
    'Whether brokers may ask for this client’s metrics (KIP-714).',
  ),
  retries: int(
    intMax,
    { min: 0, max: intMax, importance: 'low' },
    'Without effect: default.api.timeout.ms ends a call.',
  ),
} as const;
