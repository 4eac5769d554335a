/** How a connection logs in. Undefined where `security.protocol` has no SASL. */
import type { Values } from '@millrace/base';

import type { ClientHost } from '../client-host.ts';
import type { Connection } from '../cluster/connection.ts';
import { ClientError } from '../error.ts';
import type { clientKeys } from '../options/client-keys.ts';

export function loginFor(
  config: Values<typeof clientKeys>,
  _host: ClientHost,
): ((connection: Connection) => Promise<void>) | undefined {
  if (!config['security.protocol'].startsWith('SASL')) return undefined;
  throw new ClientError('CONFIG', `SASL mechanism ${config['sasl.mechanism']} is not built in yet.`);
}
