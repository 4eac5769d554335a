/** Patterns that choose clients. Whoever may change settings writes them, so the engine is one whose time grows with the text only. */
import { RE2JS, RE2JSException } from 're2js';

const lengthMax = 4096;

/** Undefined for what is no pattern. */
export function matchPattern(text: string): RE2JS | undefined {
  if (text.length > lengthMax) return undefined;
  try {
    return RE2JS.compile(text);
  } catch (error) {
    if (error instanceof RE2JSException) return undefined;
    throw error;
  }
}
