import type { ConnectionOptions } from 'node:tls';

import type { Values } from '@millrace/base';

import type { clientKeys } from '../options/client-keys.ts';

/** Undefined where `security.protocol` is without TLS. */
export function tlsOptionsOf(config: Values<typeof clientKeys>): ConnectionOptions | undefined {
  return config['security.protocol'].endsWith('SSL') ? {} : undefined;
}
