/** Every quota that is set, by entity. Part of the metadata image: only `replay` changes it. */
import { entityKey, entityOf, partsOf, type EntityPart, type QuotaEntity } from './quota-entity.ts';

export interface ClientQuotaRecord {
  readonly type: 'ClientQuotaRecord';
  readonly entity: readonly EntityPart[];
  readonly key: string;
  readonly value: number;
  readonly remove: boolean;
}

export interface QuotaEntry {
  readonly entity: QuotaEntity;
  readonly quotas: Map<string, number>;
}

const noQuotas: ReadonlyMap<string, number> = new Map();

export class QuotaTable {
  readonly #entries = new Map<string, QuotaEntry>();

  entries(): IterableIterator<QuotaEntry> {
    return this.#entries.values();
  }

  of(entity: QuotaEntity): ReadonlyMap<string, number> {
    return this.#entries.get(entityKey(entity))?.quotas ?? noQuotas;
  }

  replay({ entity: parts, key, value, remove }: ClientQuotaRecord): void {
    const entity = entityOf(parts);
    const name = entityKey(entity);
    let entry = this.#entries.get(name);
    if (remove) {
      entry?.quotas.delete(key);
      if (entry?.quotas.size === 0) this.#entries.delete(name);
      return;
    }
    if (entry === undefined) this.#entries.set(name, (entry = { entity, quotas: new Map() }));
    entry.quotas.set(key, value);
  }

  *records(): Generator<ClientQuotaRecord> {
    for (const { entity, quotas } of this.#entries.values()) {
      for (const [key, value] of quotas) yield recordOf(entity, key, value);
    }
  }
}

/** Without a value the quota is removed. */
export function recordOf(entity: QuotaEntity, key: string, value: number | null): ClientQuotaRecord {
  return { type: 'ClientQuotaRecord', entity: partsOf(entity), key, value: value ?? 0, remove: value === null };
}
