/** Patterns that choose clients. Whoever may change settings writes them, so the engine is one whose time grows with the text only. */
import { re2Pattern, type Re2Pattern } from '../re2-pattern.ts';

const lengthMax = 4096;

/** Undefined for what is no pattern. */
export function matchPattern(text: string): Re2Pattern | undefined {
  if (text.length > lengthMax) return undefined;
  const pattern = re2Pattern(text);
  return typeof pattern === 'string' ? undefined : pattern;
}
