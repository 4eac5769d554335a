/** SASL OAUTHBEARER (RFC 7628): a token that somebody else gave out, with Kafka's extensions (KIP-342). */
import { ClientError } from '../error.ts';
import type { SaslMechanism } from './sasl-mechanism.ts';

export interface OauthBearerToken {
  readonly value: string;
  /** Sent along for the broker: names are letters, values are printable. */
  readonly extensions?: Readonly<Record<string, string>> | undefined;
}

const separator = '\x01';
const shownMax = 1000;

export function oauthBearer(token: () => Promise<OauthBearerToken>): SaslMechanism {
  return {
    name: 'OAUTHBEARER',
    async authenticate({ send }) {
      const { value, extensions = {} } = await token();
      checkToken(value);
      const pairs = Object.entries(extensions).map(([name, text]) => extension(name, text));
      const refusal = await send(
        Buffer.from(`n,,${[separator + `auth=Bearer ${value}`, ...pairs].join(separator)}${separator}${separator}`),
      );
      if (refusal.length === 0) return;
      // The reason came as a challenge; the exchange ends when we have taken note of it.
      const said = refusal.toString('utf8', 0, shownMax);
      await send(Buffer.from(separator)).catch(() => {});
      throw new ClientError('AUTHENTICATION', `It refused the token: ${said}`);
    },
  };
}

function checkToken(value: unknown): void {
  if (typeof value !== 'string' || !/^[-._~+/A-Za-z0-9]+=*$/.test(value))
    throw new ClientError('AUTHENTICATION', 'What the source of tokens gave is not a bearer token (RFC 6750).');
}

function extension(name: string, text: string): string {
  if (!/^[A-Za-z]+$/.test(name) || name === 'auth')
    throw new ClientError('CONFIG', `"${name}" cannot be the name of a SASL extension: letters only, and not "auth".`);
  if (!/^[\x20-\x7e\t\r\n]+$/.test(text))
    throw new ClientError('CONFIG', `The value of SASL extension "${name}" has characters that cannot be sent.`);
  return `${name}=${text}`;
}
