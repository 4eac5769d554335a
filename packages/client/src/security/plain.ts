/** SASL PLAIN (RFC 4616): name and password as they are. */
import { ClientError } from '../error.ts';
import type { SaslMechanism } from './sasl-mechanism.ts';
import type { SaslCredentials } from './security-options.ts';

export function plain(credentials: () => Promise<SaslCredentials>): SaslMechanism {
  return {
    name: 'PLAIN',
    async authenticate({ send }) {
      const { username, password } = await credentials();
      if (username.includes('\0') || password.includes('\0'))
        throw new ClientError('CONFIG', 'Name and password of SASL PLAIN cannot have a NUL character in them.');
      await send(Buffer.from(`\0${username}\0${password}`));
    },
  };
}
