/**
 * Whom a quota is for: a user, a client id, both together, or an address (`user`, `client-id`, `ip`); each by name, or by null for all
 * that have no quota of their own.
 */
export type QuotaEntity = ReadonlyMap<string, string | null>;

export interface EntityPart {
  readonly entityType: string;
  readonly entityName: string | null;
}

export function entityOf(parts: readonly EntityPart[]): QuotaEntity {
  return new Map(parts.map(({ entityType, entityName }) => [entityType, entityName]));
}

export function partsOf(entity: QuotaEntity): EntityPart[] {
  return [...entity].map(([entityType, entityName]) => ({ entityType, entityName }));
}

/** Equal for equal entities, in whatever order their parts come. */
export function entityKey(entity: QuotaEntity): string {
  return JSON.stringify([...entity].sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** As Kafka prints it in its sentences. */
export function entityText(entity: QuotaEntity): string {
  const parts = [...entity].map(([type, name]) => `${type}=${name ?? 'null'}`);
  return `ClientQuotaEntity(entries={${parts.join(', ')}})`;
}
