/**
 * How connections log in. In: options. Out: a login, which chooses the mechanism with SaslHandshake, carries its messages in SaslAuthenticate,
 * and returns how long the broker keeps the session. Undefined where `security.protocol` has no SASL.
 */
import { errors } from '@millrace/protocol';

import type { ClientHost } from '../client-host.ts';
import type { ClientConfig } from '../cluster/cluster.ts';
import type { Connection } from '../cluster/connection.ts';
import { answerError, ClientError, isClientError } from '../error.ts';
import { parseJaas } from './jaas.ts';
import { oauthBearer, type OauthBearerToken } from './oauth-bearer.ts';
import { plain } from './plain.ts';
import type { SaslMechanism } from './sasl-mechanism.ts';
import { scram } from './scram.ts';
import type { SaslCredentials, SecurityOptions } from './security-options.ts';
import { endpointTlsOf } from './tls-options.ts';
import { tokensFrom } from './token-endpoint.ts';

/** Resolves with the life of the session in ms, 0 for no end. Throws `ClientError` AUTHENTICATION, or why nothing could be asked. */
export type Login = (connection: Connection) => Promise<number>;

/** Throws `ClientError` CONFIG. */
export function loginFor(config: ClientConfig, host: ClientHost, security: SecurityOptions = {}): Login | undefined {
  if (!config['security.protocol'].startsWith('SASL')) {
    for (const name of ['sasl', 'saslMechanism', 'oauthBearerToken'] as const) {
      if (security[name] === undefined) continue;
      const text = `"${name}" was given, but security.protocol is ${config['security.protocol']}: set it to SASL_SSL.`;
      throw new ClientError('CONFIG', text);
    }
    return undefined;
  }
  const mechanism = security.saslMechanism ?? builtIn(config, host, security);
  return async (connection) => await logIn(connection, mechanism);
}

async function logIn(connection: Connection, mechanism: SaslMechanism): Promise<number> {
  const { broker, address } = connection;
  const { name } = mechanism;
  let lifetimeMs = 0;
  const send = async (message: Uint8Array): Promise<Buffer> => {
    const answer = await connection.send('saslAuthenticate', { authBytes: message });
    if (answer.errorCode !== errors.NONE)
      throw new ClientError('AUTHENTICATION', `It refused the login: ${answer.errorMessage ?? 'without a reason'}`);
    lifetimeMs = answer.sessionLifetimeMs;
    return Buffer.from(answer.authBytes);
  };
  try {
    if (!connection.versions.has('saslHandshake')) throw noLogin();
    const { errorCode, mechanisms } = await connection.send('saslHandshake', { mechanism: name });
    if (errorCode === errors.ILLEGAL_SASL_STATE) throw noLogin();
    if (errorCode !== errors.NONE)
      throw new ClientError(
        'AUTHENTICATION',
        `It offers ${mechanisms.join(', ') || 'nothing'} only (sasl.mechanism).`,
        {
          cause: answerError(errorCode, 'SaslHandshake'),
        },
      );
    await mechanism.authenticate({ host: address.host, port: address.port, send });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const code = isClientError(error) ? error.code : 'AUTHENTICATION';
    const options = isClientError(error) ? { retriable: error.retriable } : {};
    throw new ClientError(code, `Logging in to ${broker} by ${name} failed. ${reason}`, {
      ...options,
      broker,
      cause: error,
    });
  }
  return lifetimeMs;
}

/** What a listener without SASL says in one way or another. */
const noLogin = (): ClientError =>
  new ClientError(
    'AUTHENTICATION',
    'This listener asks for no login: set security.protocol to PLAINTEXT or SSL, or name the port of a SASL listener.',
  );

function builtIn(config: ClientConfig, host: ClientHost, security: SecurityOptions): SaslMechanism {
  const name = config['sasl.mechanism'];
  switch (name) {
    case 'PLAIN':
      return plain(credentialsOf(config, security));
    case 'SCRAM-SHA-256':
    case 'SCRAM-SHA-512':
      return scram(name, credentialsOf(config, security));
    case 'OAUTHBEARER':
      return oauthBearer(tokensOf(config, host, security));
    default: {
      const text = `sasl.mechanism ${name} is not built in. Set it to PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER, or give a "saslMechanism" of your own.`;
      throw new ClientError('CONFIG', text);
    }
  }
}

function credentialsOf(config: ClientConfig, { sasl }: SecurityOptions): () => Promise<SaslCredentials> {
  if (typeof sasl === 'function') return async () => checkedCredentials(await sasl());
  const jaas = config['sasl.jaas.config'];
  const options = jaas === null ? undefined : parseJaas(jaas);
  const found = checkedCredentials(sasl ?? { username: options?.get('username'), password: options?.get('password') });
  return async () => found;
}

function checkedCredentials({ username, password }: Partial<Record<keyof SaslCredentials, unknown>>): SaslCredentials {
  if (typeof username === 'string' && username !== '' && typeof password === 'string' && password !== '')
    return { username, password };
  const text = 'SASL needs a name and a password: in "sasl" ({ username, password }) or in "sasl.jaas.config".';
  throw new ClientError('CONFIG', text);
}

function tokensOf(config: ClientConfig, host: ClientHost, security: SecurityOptions): () => Promise<OauthBearerToken> {
  const timeoutMs = config['request.timeout.ms'];
  const own = security.oauthBearerToken;
  if (own !== undefined) return async () => await within(timeoutMs, own, host);
  const url = config['sasl.oauthbearer.token.endpoint.url'];
  const jaas = config['sasl.jaas.config'];
  const options = jaas === null ? new Map<string, string>() : parseJaas(jaas);
  const clientId = config['sasl.oauthbearer.client.credentials.client.id'] ?? options.get('clientId');
  const clientSecret = config['sasl.oauthbearer.client.credentials.client.secret'] ?? options.get('clientSecret');
  if (url === null || !URL.canParse(url) || clientId === undefined || clientSecret === undefined)
    throw new ClientError(
      'CONFIG',
      'OAUTHBEARER needs the function "oauthBearerToken", or "sasl.oauthbearer.token.endpoint.url" with "sasl.oauthbearer.client.credentials.client.id" and "….client.secret".',
    );
  const scope = config['sasl.oauthbearer.scope'] ?? options.get('scope') ?? null;
  const extensions = Object.fromEntries(
    [...options].flatMap(([name, value]) => (name.startsWith('extension_') ? [[name.slice(10), value]] : [])),
  );
  const isEncoded = config['sasl.oauthbearer.header.urlencode'];
  const tls = () => endpointTlsOf(options);
  tls();
  return tokensFrom({ url, clientId, clientSecret, isEncoded, scope, extensions, timeoutMs, tls }, host);
}

/** A function of the user's that never settles must not hold a connection for ever. */
async function within<T>(timeoutMs: number, call: () => T | Promise<T>, host: ClientHost): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = host.timers.after(timeoutMs, () =>
    late.reject(new ClientError('TIMEOUT', `"oauthBearerToken" gave no token within ${timeoutMs} ms.`)),
  );
  try {
    return await Promise.race([call(), late.promise]);
  } finally {
    timer.cancel();
  }
}
