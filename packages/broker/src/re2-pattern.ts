/**
 * Regular expressions of others, by an engine whose time grows with the length of the text only (RE2). It is large and rarely asked for,
 * so it is loaded with the first pattern.
 */
import { createRequire } from 'node:module';
import type * as Engine from 're2js';

export interface Re2Pattern {
  /** Of the whole text. */
  matches(text: string): boolean;
}

let engine: typeof Engine | undefined;

/** The text of the answer says why the pattern is none. */
export function re2Pattern(pattern: string): Re2Pattern | string {
  engine ??= createRequire(import.meta.url)('re2js') as typeof Engine;
  const { RE2JS, RE2JSException, RE2JSSyntaxException } = engine;
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    if (error instanceof RE2JSSyntaxException) return error.getDescription();
    if (error instanceof RE2JSException) return error.message;
    throw error;
  }
}
