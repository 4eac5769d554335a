/**
 * The text of `sasl.jaas.config`: a Java class, a word, options, a semicolon. Only the options matter here.
 *
 *     org.apache.kafka.common.security.plain.PlainLoginModule required username="alice" password="secret";
 */
import { ClientError } from '../error.ts';

const word = /\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s"'=;]+))/sy;
const flags = new Set(['required', 'requisite', 'sufficient', 'optional']);

/** Throws `ClientError` CONFIG, which never repeats the text. */
export function parseJaas(text: string): ReadonlyMap<string, string> {
  const options = new Map<string, string>();
  const reader = { text, at: 0 };
  const [module, flag] = [take(reader), take(reader)];
  if (module === undefined || flag === undefined || !flags.has(flag.toLowerCase()))
    throw wrong('it does not begin with a class and "required"');
  for (let name = take(reader); name !== undefined; name = take(reader)) {
    if (!skip(reader, '=')) throw wrong(`option ${options.size + 1} has no "="`);
    const value = take(reader);
    if (value === undefined) throw wrong(`option ${options.size + 1} has no value`);
    options.set(name, value);
  }
  if (!skip(reader, ';')) throw wrong('it does not end with a semicolon');
  if (reader.text.slice(reader.at).trim() !== '') throw wrong('something comes after the semicolon');
  return options;
}

interface Reader {
  readonly text: string;
  at: number;
}

function take(reader: Reader): string | undefined {
  word.lastIndex = reader.at;
  const match = word.exec(reader.text);
  if (match === null) return undefined;
  reader.at = word.lastIndex;
  return (match[1] ?? match[2])?.replaceAll(/\\(.)/gs, '$1') ?? match[3];
}

function skip(reader: Reader, mark: string): boolean {
  const rest = reader.text.slice(reader.at);
  const at = rest.length - rest.trimStart().length;
  if (rest[at] !== mark) return false;
  reader.at += at + 1;
  return true;
}

function wrong(what: string): ClientError {
  return new ClientError('CONFIG', `sasl.jaas.config cannot be read: ${what}.`);
}
