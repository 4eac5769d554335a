/**
 * Which of the quotas that are set counts for a client, by Kafka's order: the more is said of user and client, the sooner. A quota for
 * a user is shared by all clients of the user; one for a client id by all users of it; one for both is a client's own.
 */
import type { QuotaEntity } from './quota-entity.ts';
import type { QuotaTable } from './quota-table.ts';

export interface ResolvedQuota {
  readonly limit: number;
  /** Who shares what is used; an empty one says that it does not matter. */
  readonly user: string;
  readonly clientId: string;
}

export function resolveQuota(
  table: QuotaTable,
  key: string,
  user: string,
  clientId: string,
): ResolvedQuota | undefined {
  for (const { entity, isOfUser, isOfClient } of candidates(user, clientId)) {
    const limit = table.of(entity).get(key);
    // Kafka takes numbers that are none and that never end; they limit nothing.
    if (limit !== undefined && Number.isFinite(limit))
      return { limit, user: isOfUser ? user : '', clientId: isOfClient ? clientId : '' };
  }
  return undefined;
}

interface Candidate {
  readonly entity: QuotaEntity;
  readonly isOfUser: boolean;
  readonly isOfClient: boolean;
}

function* candidates(user: string, clientId: string): Generator<Candidate> {
  for (const name of [user, null]) {
    for (const client of [clientId, null]) {
      const entity = new Map([
        ['user', name],
        ['client-id', client],
      ]);
      yield { entity, isOfUser: true, isOfClient: true };
    }
    yield { entity: new Map([['user', name]]), isOfUser: true, isOfClient: false };
  }
  for (const client of [clientId, null])
    yield { entity: new Map([['client-id', client]]), isOfUser: false, isOfClient: true };
}

/** New connections a second from an address, where a quota says so. */
export function connectionRateOf(table: QuotaTable, address: string): number | undefined {
  const names = address === '127.0.0.1' || address === '::1' ? [address, 'localhost', null] : [address, null];
  for (const name of names) {
    const limit = table.of(new Map([['ip', name]])).get('connection_creation_rate');
    if (limit !== undefined) return limit;
  }
  return undefined;
}
