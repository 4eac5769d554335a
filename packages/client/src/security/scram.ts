/**
 * SASL SCRAM (RFC 5802, RFC 7677): both sides prove that they know the password, and neither says it. Names and passwords are hashed as the
 * bytes they are given in, as Apache Kafka does on both sides: preparing them (SASLprep) would lock out those that it changes.
 */
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';

import { ClientError } from '../error.ts';
import type { SaslMechanism } from './sasl-mechanism.ts';
import type { SaslCredentials } from './security-options.ts';

export type ScramName = 'SCRAM-SHA-256' | 'SCRAM-SHA-512';

const algorithms = {
  'SCRAM-SHA-256': { digest: 'sha256', bytes: 32 },
  'SCRAM-SHA-512': { digest: 'sha512', bytes: 64 },
} as const;
/** KIP-84. Fewer would make a stolen exchange cheap to try passwords on. */
const iterationsMin = 4096;
/** A second of work, and fifty times what Apache Kafka allows. */
const iterationsMax = 1_000_000;
const messageBytesMax = 8192;
const nonceBytes = 24;
const noChannelBinding = 'n,,';

/** On a thread of its own: it takes milliseconds on purpose. */
function derive(password: string, { salt, iterations }: Challenge, bytes: number, digest: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    pbkdf2(password, salt, iterations, bytes, digest, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

export function scram(
  name: ScramName,
  credentials: () => Promise<SaslCredentials>,
  nonceOf: () => string = () => randomBytes(nonceBytes).toString('base64'),
): SaslMechanism {
  const { digest, bytes } = algorithms[name];
  return {
    name,
    async authenticate({ send }) {
      const { username, password } = await credentials();
      const nonce = nonceOf();
      const clientFirst = `n=${escaped(username)},r=${nonce}`;
      const serverFirst = textOf(await send(Buffer.from(noChannelBinding + clientFirst)));
      const challenge = readChallenge(serverFirst, nonce);

      const salted = await derive(password, challenge, bytes, digest);
      const clientFinal = `c=${Buffer.from(noChannelBinding).toString('base64')},r=${challenge.nonce}`;
      const exchanged = `${clientFirst},${serverFirst},${clientFinal}`;
      const hmac = (key: Buffer, text: string): Buffer => createHmac(digest, key).update(text).digest();
      const clientKey = hmac(salted, 'Client Key');
      const signature = hmac(createHash(digest).update(clientKey).digest(), exchanged);
      const proof = Buffer.from(clientKey.map((byte, at) => byte ^ signature[at]!)).toString('base64');
      const serverFinal = textOf(await send(Buffer.from(`${clientFinal},p=${proof}`)));
      checkServer(serverFinal, hmac(hmac(salted, 'Server Key'), exchanged));
    },
  };
}

interface Challenge {
  readonly nonce: string;
  readonly salt: Buffer;
  readonly iterations: number;
}

function readChallenge(text: string, ownNonce: string): Challenge {
  const match = /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/]+={0,2}),i=([0-9]{1,10})(?:,|$)/.exec(text);
  if (match === null) throw distrust(`no challenge of SCRAM: ${shown(text)}`);
  const [, nonce = '', salt = '', iterations = ''] = match;
  if (!nonce.startsWith(ownNonce) || nonce.length === ownNonce.length)
    throw distrust('a nonce that does not go on from ours');
  const count = Number(iterations);
  if (count < iterationsMin || count > iterationsMax)
    throw distrust(`an iteration count of ${count}; ${iterationsMin} to ${iterationsMax} are accepted`);
  return { nonce, salt: Buffer.from(salt, 'base64'), iterations: count };
}

function checkServer(text: string, expected: Buffer): void {
  const refusal = /^e=([^,]*)/.exec(text);
  if (refusal !== null) throw new ClientError('AUTHENTICATION', `It refused the login: ${shown(refusal[1]!)}.`);
  const match = /^v=([A-Za-z0-9+/]+={0,2})(?:,|$)/.exec(text);
  const signature = Buffer.from(match?.[1] ?? '', 'base64');
  if (signature.length !== expected.length || !timingSafeEqual(signature, expected))
    throw distrust('no proof that it knows the password');
}

/** Names end at commas, so those are written otherwise. */
function escaped(username: string): string {
  return username.replaceAll('=', '=3D').replaceAll(',', '=2C');
}

function textOf(message: Buffer): string {
  if (message.length > messageBytesMax) throw distrust(`a message of SCRAM of ${message.length} bytes`);
  return message.toString();
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}

function distrust(what: string): ClientError {
  return new ClientError('AUTHENTICATION', `It sent ${what}.`);
}
