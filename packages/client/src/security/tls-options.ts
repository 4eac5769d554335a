/** The `ssl.*` keys → what Node's TLS takes. Files are read whenever a connection is made, so that renewed certificates need no restart. */
import { readFileSync } from 'node:fs';
import { createSecureContext, type ConnectionOptions } from 'node:tls';

import type { ClientConfig } from '../cluster/cluster.ts';
import { ClientError } from '../error.ts';
import { clientKeys } from '../options/client-keys.ts';
import { readOptions } from '../options/read-options.ts';
import type { SecurityOptions } from './security-options.ts';

/** Undefined where `security.protocol` is without TLS. Throws `ClientError` CONFIG. */
export function tlsOptionsOf(config: ClientConfig, { tls: own }: SecurityOptions = {}): ConnectionOptions | undefined {
  const protocol = config['security.protocol'];
  if (!protocol.endsWith('SSL')) {
    if (own === undefined) return undefined;
    const text = `"tls" was given, but security.protocol is ${protocol}: set it to SSL or SASL_SSL.`;
    throw new ClientError('CONFIG', text);
  }
  return checked({ ...storesOf(config), ...nameCheckOf(config), ...own });
}

/**
 * For the endpoint that tokens are fetched from: Kafka has the `ssl.*` keys for it among the options of `sasl.jaas.config`, and those for
 * brokers do not count. The name in its certificate is always compared. Throws `ClientError` CONFIG.
 */
export function endpointTlsOf(jaasOptions: ReadonlyMap<string, string>): ConnectionOptions {
  const given = [...jaasOptions].filter(([name]) => name.startsWith('ssl.'));
  return checked(storesOf(readOptions(clientKeys, Object.fromEntries(given))));
}

function storesOf(config: ClientConfig): ConnectionOptions {
  const ca = pem(config, 'ssl.truststore.certificates', 'ssl.truststore.location');
  return { ...(ca !== undefined && { ca }), ...identityOf(config), ...versionsOf(config) };
}

function checked(options: ConnectionOptions): ConnectionOptions {
  try {
    createSecureContext(options);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ClientError('CONFIG', `The TLS options cannot be used: ${reason}`, { cause: error });
  }
  return options;
}

function nameCheckOf(config: ClientConfig): ConnectionOptions {
  const algorithm = config['ssl.endpoint.identification.algorithm'].toLowerCase();
  if (algorithm !== 'https' && algorithm !== '')
    throw new ClientError('CONFIG', 'ssl.endpoint.identification.algorithm is "https", or empty for no check.');
  return algorithm === '' ? { checkServerIdentity: () => undefined } : {};
}

function identityOf(config: ClientConfig): ConnectionOptions {
  if (config['ssl.keystore.type'] === 'PKCS12') return pkcs12Of(config);
  const file = pem(config, undefined, 'ssl.keystore.location');
  const cert = config['ssl.keystore.certificate.chain'] ?? file;
  const key = config['ssl.keystore.key'] ?? file;
  if (cert === undefined && key === undefined) return {};
  if (cert === undefined || key === undefined)
    throw new ClientError('CONFIG', 'ssl.keystore.key and ssl.keystore.certificate.chain are given together.');
  const passphrase = config['ssl.key.password'];
  return { cert, key, ...(passphrase !== null && { passphrase }) };
}

/** Certificates of authorities in it are trusted as well, which OpenSSL cannot be asked to leave out. */
function pkcs12Of(config: ClientConfig): ConnectionOptions {
  const path = config['ssl.keystore.location'];
  if (path === null)
    throw new ClientError('CONFIG', 'ssl.keystore.type=PKCS12 needs ssl.keystore.location, the file that it is in.');
  const passphrase = config['ssl.keystore.password'];
  return { pfx: contentOf('ssl.keystore.location', path), ...(passphrase !== null && { passphrase }) };
}

function contentOf(key: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ClientError('CONFIG', `${key}: ${reason}`, { cause: error });
  }
}

function versionsOf(config: ClientConfig): ConnectionOptions {
  const versions = config['ssl.enabled.protocols'].toSorted() as ('TLSv1.2' | 'TLSv1.3')[];
  const ciphers = config['ssl.cipher.suites'];
  return {
    minVersion: versions[0] ?? 'TLSv1.2',
    maxVersion: versions.at(-1) ?? 'TLSv1.3',
    ...(ciphers.length > 0 && { ciphers: ciphers.join(':') }),
  };
}

function pem(
  config: ClientConfig,
  textKey: 'ssl.truststore.certificates' | undefined,
  fileKey: 'ssl.truststore.location' | 'ssl.keystore.location',
): string | undefined {
  const text = textKey === undefined ? null : config[textKey];
  if (text !== null) return text;
  const path = config[fileKey];
  if (path === null) return undefined;
  const content = contentOf(fileKey, path).toString();
  if (content.includes('-----BEGIN ')) return content;
  const advice =
    fileKey === 'ssl.keystore.location'
      ? 'Set ssl.keystore.type=PKCS12 if it is that; keytool -importkeystore -deststoretype PKCS12 makes one of a JKS file.'
      : 'keytool -exportcert -rfc writes the certificates of a Java store as PEM.';
  throw new ClientError('CONFIG', `${fileKey}: ${path} is no PEM file. ${advice}`);
}
