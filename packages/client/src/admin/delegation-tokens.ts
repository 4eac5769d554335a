import type { Cluster } from '../cluster/cluster.ts';
import { ClientError } from '../error.ts';
import { Call, type CallOptions, checkAnswer } from './call.ts';

/** Principals are as Kafka prints them: `User:alice`. */
export interface DelegationToken {
  readonly tokenId: string;
  readonly hmac: Buffer;
  readonly owner: string;
  /** Who asked for it; empty where the broker does not tell. */
  readonly tokenRequester: string;
  readonly renewers: readonly string[];
  readonly issueTimestamp: number;
  readonly expiryTimestamp: number;
  readonly maxTimestamp: number;
}

export interface CreateDelegationTokenOptions extends CallOptions {
  /** Who may renew it beside its owner. */
  readonly renewers?: readonly string[] | undefined;
  /** Whoever asks when left out (KIP-373). */
  readonly owner?: string | undefined;
  /** As the broker is set when left out. */
  readonly maxLifetimeMs?: number | undefined;
}

export function createDelegationToken(
  cluster: Cluster,
  { renewers = [], owner, maxLifetimeMs = -1, ...options }: CreateDelegationTokenOptions,
): Promise<DelegationToken> {
  const what = 'Creating a delegation token';
  return Call.run(cluster, what, options, (call) =>
    call.retry(async () => {
      const ownerPrincipal = owner === undefined ? undefined : principalOf(owner);
      const answer = await call.request('controller', 'createDelegationToken', (version) => ({
        ...(version < 3 && ownerPrincipal === undefined
          ? {}
          : {
              ownerPrincipalType: ownerPrincipal?.principalType ?? null,
              ownerPrincipalName: ownerPrincipal?.principalName ?? null,
            }),
        renewers: renewers.map(principalOf),
        maxLifetimeMs,
      }));
      checkAnswer(answer.errorCode, what);
      return {
        tokenId: answer.tokenId,
        hmac: answer.hmac,
        owner: `${answer.principalType}:${answer.principalName}`,
        tokenRequester: textOf(answer.tokenRequesterPrincipalType, answer.tokenRequesterPrincipalName),
        renewers,
        issueTimestamp: answer.issueTimestampMs,
        expiryTimestamp: answer.expiryTimestampMs,
        maxTimestamp: answer.maxTimestampMs,
      };
    }),
  );
}

export interface RenewDelegationTokenOptions extends CallOptions {
  /** As the broker is set when left out. */
  readonly renewTimePeriodMs?: number | undefined;
}

/** Gives the time when it ends now. */
export function renewDelegationToken(
  cluster: Cluster,
  hmac: Uint8Array,
  { renewTimePeriodMs = -1, ...options }: RenewDelegationTokenOptions,
): Promise<number> {
  const what = 'Renewing a delegation token';
  return Call.run(cluster, what, options, (call) =>
    call.retry(async () => {
      const request = { hmac, renewPeriodMs: renewTimePeriodMs };
      const { errorCode, expiryTimestampMs } = await call.request('controller', 'renewDelegationToken', request);
      checkAnswer(errorCode, what);
      return expiryTimestampMs;
    }),
  );
}

export interface ExpireDelegationTokenOptions extends CallOptions {
  /** From now on; at once when left out. */
  readonly expiryTimePeriodMs?: number | undefined;
}

/** Gives the time when it ends now. */
export function expireDelegationToken(
  cluster: Cluster,
  hmac: Uint8Array,
  { expiryTimePeriodMs = -1, ...options }: ExpireDelegationTokenOptions,
): Promise<number> {
  const what = 'Ending a delegation token';
  return Call.run(cluster, what, options, (call) =>
    call.retry(async () => {
      const request = { hmac, expiryTimePeriodMs };
      const { errorCode, expiryTimestampMs } = await call.request('controller', 'expireDelegationToken', request);
      checkAnswer(errorCode, what);
      return expiryTimestampMs;
    }),
  );
}

export interface DescribeDelegationTokensOptions extends CallOptions {
  /** Those that this client may see, of all owners, when left out. */
  readonly owners?: readonly string[] | undefined;
}

export function describeDelegationTokens(
  cluster: Cluster,
  { owners, ...options }: DescribeDelegationTokensOptions,
): Promise<DelegationToken[]> {
  const what = 'Describing delegation tokens';
  return Call.run(cluster, what, options, (call) =>
    call.retry(async () => {
      const answer = await call.request('any', 'describeDelegationToken', { owners: owners?.map(principalOf) ?? null });
      checkAnswer(answer.errorCode, what);
      return answer.tokens.map((token) => ({
        tokenId: token.tokenId,
        hmac: token.hmac,
        owner: textOf(token.principalType, token.principalName),
        tokenRequester: textOf(token.tokenRequesterPrincipalType, token.tokenRequesterPrincipalName),
        renewers: token.renewers.map(({ principalType, principalName }) => textOf(principalType, principalName)),
        issueTimestamp: token.issueTimestamp,
        expiryTimestamp: token.expiryTimestamp,
        maxTimestamp: token.maxTimestamp,
      }));
    }),
  );
}

function principalOf(text: string): { principalType: string; principalName: string } {
  const colon = text.indexOf(':');
  if (colon < 1) throw new ClientError('CONFIG', `"${text}" is no principal; it is written like "User:alice".`);
  return { principalType: text.slice(0, colon), principalName: text.slice(colon + 1) };
}

const textOf = (type: string, name: string): string => (type === '' && name === '' ? '' : `${type}:${name}`);
