import type { Cluster } from '../cluster/cluster.ts';
import { Call, type CallOptions, checkAnswer } from './call.ts';
import { runErrand } from './errand.ts';
import { toController } from './routes.ts';

export type QuotaEntityType = 'user' | 'client-id' | 'ip';

/** Whom a quota is for. A name of null is the default of its type. */
export interface QuotaEntityPart {
  readonly entityType: QuotaEntityType | (string & {});
  readonly entityName: string | null;
}

export interface ClientQuotas {
  readonly entity: readonly QuotaEntityPart[];
  /** By key, such as `producer_byte_rate`. */
  readonly values: ReadonlyMap<string, number>;
}

export interface ClientQuotaAlteration {
  readonly entity: readonly QuotaEntityPart[];
  /** A value of null removes the quota. */
  readonly ops: readonly { readonly key: string; readonly value: number | null }[];
}

export interface ClientQuotaFilterPart {
  readonly entityType: QuotaEntityType | (string & {});
  /** A name; null: the default; left out: any that is named, and the default. */
  readonly entityName?: string | null | undefined;
}

export interface DescribeClientQuotasOptions extends CallOptions {
  /** Only entities of exactly these types. */
  readonly strict?: boolean | undefined;
}

export interface AlterClientQuotasOptions extends CallOptions {
  readonly validateOnly?: boolean | undefined;
}

/** No parts: all quotas. */
export function describeClientQuotas(
  cluster: Cluster,
  filter: readonly ClientQuotaFilterPart[],
  options: DescribeClientQuotasOptions,
): Promise<ClientQuotas[]> {
  return Call.run(cluster, 'Describing client quotas', options, (call) =>
    call.retry(async () => {
      const { errorCode, errorMessage, entries } = await call.request('any', 'describeClientQuotas', {
        components: filter.map(({ entityType, entityName }) => ({
          entityType,
          matchType: entityName === undefined ? 2 : entityName === null ? 1 : 0,
          match: entityName ?? null,
        })),
        strict: options.strict ?? false,
      });
      checkAnswer(errorCode, 'Describing client quotas', errorMessage);
      return (entries ?? []).map(({ entity, values }) => ({
        entity,
        values: new Map(values.map(({ key, value }) => [key, value])),
      }));
    }),
  );
}

export async function alterClientQuotas(
  cluster: Cluster,
  alterations: readonly ClientQuotaAlteration[],
  options: AlterClientQuotasOptions,
): Promise<void> {
  await Call.run(cluster, 'Altering client quotas', options, (call) =>
    runErrand<ClientQuotaAlteration, true>(call, alterations, {
      nameOf: ({ entity }) => nameOfEntity(entity),
      what: ({ entity }) => `Altering the quotas of ${nameOfEntity(entity)}`,
      route: toController,
      async ask(target, share, fates) {
        const answer = await call.request(target, 'alterClientQuotas', {
          entries: share.map(({ entity, ops }) => ({
            entity,
            ops: ops.map(({ key, value }) => ({ key, value: value ?? 0, remove: value === null })),
          })),
          validateOnly: options.validateOnly ?? false,
        });
        for (const { entity, errorCode, errorMessage } of answer.entries)
          fates.take(nameOfEntity(entity), errorCode, errorMessage, () => true);
      },
    }),
  );
}

/** `client-id=app, user=<default>`, whatever the order. */
function nameOfEntity(entity: readonly QuotaEntityPart[]): string {
  return entity
    .map(({ entityType, entityName }) => `${entityType}=${entityName ?? '<default>'}`)
    .toSorted()
    .join(', ');
}
