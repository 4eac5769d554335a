/** Logins as kafkajs takes them → logins of the client. */
import type { SaslMechanism, SecurityOptions } from '@millrace/client';
import { errors } from '@millrace/protocol';

import { protocolError } from './broker-errors.ts';
import { KafkaJSSASLAuthenticationError } from './errors.ts';
import type { Logger } from './logger.ts';
import { ofProgram } from './of-program.ts';
import type { KafkaConfig, Mechanism, SaslAuthenticateArgs, SASLOptions } from './types/kafka.ts';

export interface Login {
  /** Kafka's own keys. */
  readonly keys: Readonly<Record<string, string>>;
  readonly security: SecurityOptions;
}

const names = new Map([
  ['plain', 'PLAIN'],
  ['scram-sha-256', 'SCRAM-SHA-256'],
  ['scram-sha-512', 'SCRAM-SHA-512'],
  ['oauthbearer', 'OAUTHBEARER'],
]);

/** Throws `KafkaJSProtocolError` for a mechanism that is neither known nor one's own, `KafkaJSSASLAuthenticationError` without what it needs. */
export function loginOf({ ssl, sasl }: Pick<KafkaConfig, 'ssl' | 'sasl'>, logger: Logger): Login {
  const tls = ssl ? { tls: ssl === true ? {} : ssl } : {};
  if (sasl === undefined || sasl === null)
    return { keys: { 'security.protocol': ssl ? 'SSL' : 'PLAINTEXT' }, security: tls };
  const keys = { 'security.protocol': ssl ? 'SASL_SSL' : 'SASL_PLAINTEXT' };
  if ('authenticationProvider' in sasl)
    return { keys, security: { ...tls, saslMechanism: ownMechanism(sasl, logger) } };
  const mechanism = sasl.mechanism.toLowerCase();
  if (mechanism === 'aws')
    return { keys, security: { ...tls, saslMechanism: awsIam(sasl as SASLOptions & { mechanism: 'aws' }) } };
  const name = names.get(mechanism);
  if (name === undefined)
    throw protocolError(
      errors.UNSUPPORTED_SASL_MECHANISM,
      `SASL mechanism ${sasl.mechanism} is not built in; give it an authenticationProvider.`,
    );
  const named = { ...keys, 'sasl.mechanism': name };
  if (sasl.mechanism === 'oauthbearer')
    return { keys: named, security: { ...tls, oauthBearerToken: providerOf(sasl) } };
  const { username, password } = sasl as SASLOptions & { mechanism: 'plain' };
  if (!username || typeof password !== 'string')
    throw new KafkaJSSASLAuthenticationError(`SASL ${name} needs a username and a password.`);
  return { keys: named, security: { ...tls, sasl: { username, password } } };
}

function providerOf({ oauthBearerProvider }: SASLOptions & { mechanism: 'oauthbearer' }) {
  if (typeof oauthBearerProvider !== 'function')
    throw new KafkaJSSASLAuthenticationError('SASL OAUTHBEARER needs an oauthBearerProvider.');
  return async (): Promise<{ value: string }> => await ofProgram(oauthBearerProvider);
}

/** What a provider encodes begins with its length, as it stands in the request. */
function withoutLength(encoded: Buffer): Buffer {
  return encoded.length >= 4 && encoded.readInt32BE(0) === encoded.length - 4 ? encoded.subarray(4) : encoded;
}

/** And so does what a response is decoded from. */
function withLength(answer: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(answer.length);
  return Buffer.concat([size, answer]);
}

function ownMechanism({ mechanism, authenticationProvider }: Mechanism, logger: Logger): SaslMechanism {
  const name = mechanism.toUpperCase();
  return {
    name,
    authenticate: async ({ host, port, send }) => {
      const saslAuthenticate = async <T>({ request, response }: SaslAuthenticateArgs<T>): Promise<T | void> => {
        const answer = await send(withoutLength(await request.encode()));
        if (response === undefined) return undefined;
        return response.parse(await response.decode(withLength(answer)));
      };
      const namespaced = logger.namespace(`SaslAuthenticator-${name}`);
      await ofProgram(async () => {
        await authenticationProvider({ host, port, logger: namespaced, saslAuthenticate }).authenticate();
      });
    },
  };
}

/** Keys of AWS in one message, with a zero between them. */
function awsIam(sasl: SASLOptions & { mechanism: 'aws' }): SaslMechanism {
  return {
    name: 'AWS',
    authenticate: async ({ send }) => {
      const { authorizationIdentity, accessKeyId, secretAccessKey, sessionToken = '' } = sasl;
      await send(Buffer.from([authorizationIdentity, accessKeyId, secretAccessKey, sessionToken].join('\0')));
    },
  };
}
