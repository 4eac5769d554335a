/** Options as a user gives them → values of a table. Texts are taken as in a properties file, everything else by its type. */
import { configure, isMillraceError, type KeyTable, nearestName, type Values } from '@millrace/base';

import { ClientError } from '../error.ts';
import { clientOptions } from './client-options.ts';
import { foreignOption } from './foreign-options.ts';
import { leftOut } from './left-out.ts';

/** What may stand in an options object for a table: each key with its own type, or as text. */
export type OptionsOf<T extends KeyTable> = { readonly [K in keyof T]?: Values<T>[K] | string | undefined };

/**
 * `own` names the options that are no keys of Kafka's (functions, serializers, …), which are left to the caller.
 * Throws `ClientError` CONFIG: an unknown name with the nearest known one, or a value that cannot be.
 */
export function readOptions<T extends KeyTable>(
  table: T,
  given: Readonly<Record<string, unknown>>,
  own: readonly string[] = [],
): Values<T> {
  if (typeof given !== 'object' || given === null)
    throw new ClientError(
      'CONFIG',
      "Options are missing: give an object like { 'bootstrap.servers': 'localhost:9092' }.",
    );
  const texts = new Map<string, string>();
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || own.includes(name)) continue;
    if (!Object.hasOwn(table, name)) throw leftOut(name) ?? unknown(name, [...Object.keys(table), ...own]);
    if (value === null) continue;
    texts.set(name, textOf(name, value));
  }
  try {
    return configure(table, texts);
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    throw new ClientError('CONFIG', inOurWords(error.message), { cause: error });
  }
}

/** Faults of values are told in the words of Kafka's tools; who writes programs is told what to give. */
function inOurWords(text: string): string {
  const match = /^Invalid value (.*) for configuration (\S+): (.*)$/s.exec(text);
  if (match === null) return text;
  const [, value = '', name = '', fault = ''] = match;
  const isWhole = /^Not a number of type (INT|LONG|SHORT)$/.test(fault);
  return `Option "${name}" cannot be "${value}": ${isWhole ? 'it takes a whole number' : fault}.`;
}

function textOf(name: string, value: {}): string {
  if (Array.isArray(value)) return value.join(',');
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return `${value}`;
  throw new ClientError(
    'CONFIG',
    `Option "${name}" is ${typeof value === 'object' ? 'an object' : `a ${typeof value}`}; it takes a text, a number, a boolean or a list.`,
  );
}

function unknown(name: string, names: readonly string[]): ClientError {
  const nearest = nearestName(name, names);
  const hint = foreignOption(name) ?? ownersOf(name) ?? (nearest === undefined ? '' : ` Did you mean "${nearest}"?`);
  return new ClientError('CONFIG', `There is no option "${name}".${hint}`);
}

/** Known to another door. */
function ownersOf(name: string): string | undefined {
  const { producer, consumer, share, admin } = clientOptions;
  const tables = { Producer: producer, Consumer: consumer, ShareConsumer: share, Admin: admin };
  const owners = Object.entries(tables).flatMap(([door, table]) => (Object.hasOwn(table, name) ? [door] : []));
  return owners.length === 0 ? undefined : ` It is an option of ${owners.join(' and ')}.`;
}
