/** Tokens by client credentials (RFC 6749, 4.4). One is used for four fifths of its life; when no newer one can be had, to its end. */
import { request as requestPlain, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestTls } from 'node:https';
import type { ConnectionOptions } from 'node:tls';

import type { ClientHost } from '../client-host.ts';
import { ClientError, isClientError } from '../error.ts';
import type { OauthBearerToken } from './oauth-bearer.ts';

export interface TokenEndpoint {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Whether both are URL-encoded for the header. */
  readonly isEncoded: boolean;
  readonly scope: string | null;
  readonly extensions: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** For a URL of https, asked each time that a token is fetched. */
  readonly tls: () => ConnectionOptions;
}

interface Grant {
  readonly token: OauthBearerToken;
  /** By `clock.monotonic`. */
  readonly staleAtMs: number;
  readonly endsAtMs: number;
}

const answerBytesMax = 1 << 20;
const freshPart = 0.8;
const shownMax = 300;

export function tokensFrom(endpoint: TokenEndpoint, host: ClientHost): () => Promise<OauthBearerToken> {
  let held: Grant | undefined;
  let coming: Promise<Grant> | undefined;
  return async () => {
    const nowMs = host.clock.monotonic();
    if (held !== undefined && nowMs < held.staleAtMs) return held.token;
    coming ??= ask(endpoint, host).finally(() => (coming = undefined));
    try {
      held = await coming;
    } catch (error) {
      if (held === undefined || nowMs >= held.endsAtMs) throw error;
    }
    return held.token;
  };
}

async function ask(endpoint: TokenEndpoint, host: ClientHost): Promise<Grant> {
  const { url, extensions } = endpoint;
  const askedAtMs = host.clock.monotonic();
  let answer: { readonly status: number; readonly text: string };
  try {
    answer = await post(endpoint);
  } catch (error) {
    if (isClientError(error)) throw error;
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const message = reason instanceof Error ? reason.message : String(reason);
    throw new ClientError('UNREACHABLE', `No token could be fetched from ${url}: ${message}`, { cause: error });
  }
  const { status, text } = answer;
  if (status !== 200) {
    const retriable = status === 429 || status >= 500;
    throw new ClientError(
      'AUTHENTICATION',
      `${url} gave no token, but status ${status}: ${text.slice(0, shownMax).trim()}`,
      { retriable },
    );
  }
  const { value, lifeMs } = readGrant(text, url);
  return { token: { value, extensions }, staleAtMs: askedAtMs + lifeMs * freshPart, endsAtMs: askedAtMs + lifeMs };
}

async function post(endpoint: TokenEndpoint): Promise<{ readonly status: number; readonly text: string }> {
  const { url, scope, timeoutMs, tls } = endpoint;
  const form = new URLSearchParams({ grant_type: 'client_credentials', ...(scope !== null && { scope }) });
  const body = form.toString();
  const headers = {
    authorization: `Basic ${credentialsOf(endpoint)}`,
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': Buffer.byteLength(body),
  };
  // Not fetch, which takes no certificates of ours.
  const options: RequestOptions = { method: 'POST', headers, signal: AbortSignal.timeout(timeoutMs), agent: false };
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request =
    new URL(url).protocol === 'https:'
      ? requestTls(url, { ...options, ...tls() }, resolve)
      : requestPlain(url, options, resolve);
  request.on('error', reject).end(body);
  const answer = await promise;
  return { status: answer.statusCode ?? 0, text: await readText(answer) };
}

function credentialsOf({ clientId, clientSecret, isEncoded }: TokenEndpoint): string {
  // Form encoding, which has "+" for a blank.
  const encoded = (text: string): string => (isEncoded ? new URLSearchParams({ '': text }).toString().slice(1) : text);
  return Buffer.from(`${encoded(clientId)}:${encoded(clientSecret)}`).toString('base64');
}

/** Never more than a megabyte. */
async function readText(answer: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > answerBytesMax) throw new Error(`its answer is longer than ${answerBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function readGrant(text: string, url: string): { value: string; lifeMs: number } {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    answer = undefined;
  }
  if (typeof answer === 'object' && answer !== null && 'access_token' in answer) {
    const { access_token: value, expires_in: life } = answer as { access_token: unknown; expires_in?: unknown };
    if (typeof value === 'string' && value !== '') return { value, lifeMs: (Number(life) || 0) * 1000 };
  }
  throw new ClientError('AUTHENTICATION', `${url} answered without an "access_token".`);
}
