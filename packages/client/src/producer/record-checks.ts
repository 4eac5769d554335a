/** What is wrong with a record that cannot be written, in words for whoever has made it. Looked at only after it has failed. */
import { ClientError } from '../error.ts';

/** Undefined: it is at least a record. */
export function wrongRecord(record: unknown): ClientError | undefined {
  if (typeof record === 'object' && record !== null && !Array.isArray(record)) return undefined;
  return new ClientError(
    'SERIALIZATION',
    `A record is an object like { topic: 'orders', key: 'a', value: 'b' }, not ${kindOf(record)}.`,
  );
}

export function wrongField(topic: string, field: unknown, noun: 'key' | 'value', hasSerde: boolean): ClientError {
  const what = `The ${noun} of a record of "${topic}"`;
  const advice = hasSerde
    ? `the serde made ${kindOf(field)} of it, and has to give a text, a Uint8Array or null.`
    : `it is ${kindOf(field)}, and without a serde only texts, Uint8Arrays and null can be. Give one: new Producer({ topics: { ${JSON.stringify(topic)}: { ${noun}: json() } }, … }).`;
  return new ClientError('SERIALIZATION', `${what} cannot be written: ${advice}`);
}

export function wrongHeader(name: string, value: unknown): ClientError {
  return new ClientError(
    'SERIALIZATION',
    `Header "${name}" is ${kindOf(value)}; headers are texts, Uint8Arrays or null.`,
  );
}

export function wrongHeaders(headers: unknown): ClientError {
  return new ClientError(
    'SERIALIZATION',
    `Headers are an object like { trace: 'a' }, or a list of { key, value }, not ${kindOf(headers)}.`,
  );
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return `${value}`;
  if (Array.isArray(value)) return 'a list';
  const kind = typeof value;
  return kind === 'object' ? 'an object' : `a ${kind}`;
}
