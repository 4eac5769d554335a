/**
 * Decides changes of quotas. In: entities with what is to be set and removed. Out: records for the metadata log, and a verdict for each
 * entity; nothing changes until the records are replayed. The sentences are Kafka's, misprint included.
 */
import { isIP } from 'node:net';

import { errors } from '@millrace/protocol';

import type { Fault } from '../metadata/controller.ts';
import { entityKey, entityText, type QuotaEntity } from './quota-entity.ts';
import { recordOf, type ClientQuotaRecord, type QuotaTable } from './quota-table.ts';

export interface QuotaAlteration {
  readonly entity: QuotaEntity;
  /** A value of null removes. */
  readonly ops: readonly { readonly key: string; readonly value: number | null }[];
}

export interface QuotaVerdict {
  readonly entity: QuotaEntity;
  readonly fault: Fault | undefined;
}

/** Whether a quota is a whole number, and how large it may be. */
interface QuotaKey {
  readonly type: 'double' | 'long' | 'int';
}

const clientKeys: ReadonlyMap<string, QuotaKey> = new Map([
  ['producer_byte_rate', { type: 'long' }],
  ['consumer_byte_rate', { type: 'long' }],
  ['request_percentage', { type: 'double' }],
  ['controller_mutation_rate', { type: 'double' }],
]);
const addressKeys: ReadonlyMap<string, QuotaKey> = new Map([['connection_creation_rate', { type: 'int' }]]);

const intMax = 2 ** 31 - 1;
const longMax = 2 ** 63;
/** What a double loses is no fraction. */
const fractionMax = 1e-6;

export function decideQuotas(
  table: QuotaTable,
  alterations: readonly QuotaAlteration[],
): { readonly records: readonly ClientQuotaRecord[]; readonly verdicts: readonly QuotaVerdict[] } {
  const records: ClientQuotaRecord[] = [];
  const verdicts = new Map<string, QuotaVerdict>();
  for (const { entity, ops } of alterations) {
    const name = entityKey(entity);
    const isRepeated = verdicts.has(name) || new Set(ops.map(({ key }) => key)).size < ops.length;
    const decided = isRepeated
      ? invalid(`Ignoring duplicate entity ${entityText(entity)}`)
      : decideOne(table, entity, ops);
    if (Array.isArray(decided)) records.push(...decided);
    verdicts.set(name, { entity, fault: Array.isArray(decided) ? undefined : decided });
  }
  return { records, verdicts: [...verdicts.values()] };
}

function decideOne(table: QuotaTable, entity: QuotaEntity, ops: QuotaAlteration['ops']): ClientQuotaRecord[] | Fault {
  const fault = entityFault(entity);
  if (fault !== undefined) return invalid(fault);
  const keys = entity.has('ip') ? addressKeys : clientKeys;
  const before = table.of(entity);
  const records: ClientQuotaRecord[] = [];
  for (const { key, value } of ops) {
    const text = value === null ? undefined : valueFault(keys, key, value);
    if (text !== undefined) return invalid(text);
    // What is not there need not be removed, what is the same need not be set.
    if ((before.get(key) ?? null) !== value) records.push(recordOf(entity, key, value));
  }
  return records;
}

function entityFault(entity: QuotaEntity): string | undefined {
  if (entity.size === 0) return 'Invalid empty client quota entity';
  for (const [type, name] of entity) {
    if (type !== 'user' && type !== 'client-id' && type !== 'ip') return `Unhandled client quota entity type: ${type}`;
    if (name === '') return `Empty ${type} not supported`;
  }
  if (!entity.has('ip')) return undefined;
  if (entity.size > 1) return 'Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId';
  const address = entity.get('ip') ?? null;
  if (address === null || address === 'localhost' || isIP(address) !== 0) return undefined;
  return `${address} is not a valid IP or resolvable host.`;
}

function valueFault(keys: ReadonlyMap<string, QuotaKey>, key: string, value: number): string | undefined {
  const known = keys.get(key);
  if (known === undefined) return `Invalid configuration key ${key}`;
  if (value <= 0) return `Quota ${key} must be greater than 0`;
  switch (known.type) {
    case 'double':
      return undefined;
    case 'int':
      if (value > intMax) return `Proposed value for ${key} is too large for an INT.`;
      break;
    case 'long':
      if (value > longMax) return `Proposed value for ${key} is too large for a LONG.`;
      break;
  }
  return Math.abs(value % 1) > fractionMax ? `${key} cannot be a fractional value.` : undefined;
}

function invalid(errorMessage: string): Fault {
  return { errorCode: errors.INVALID_REQUEST, errorMessage };
}
