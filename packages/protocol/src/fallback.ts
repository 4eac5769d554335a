import type { Field, Shape } from './schema.ts';

/** What decoding gives for a field that the version lacks. Shared and frozen. */
export function fallbackOf(field: Field): unknown {
  return field.fallback === undefined ? defaultsOf(field.shape!) : field.fallback;
}

/** A struct whose every field has its default. */
function defaultsOf(shape: Shape): object {
  let defaults = known.get(shape);
  if (defaults === undefined) {
    const entries = Object.entries(shape).map(([name, field]) => [name, fallbackOf(field)]);
    defaults = Object.freeze(Object.fromEntries(entries) as object);
    known.set(shape, defaults);
  }
  return defaults;
}

const known = new Map<Shape, object>();

/** Whether a value equals the default of its field, which is then neither written as a tag nor missed by an old version. */
export function isFallback(field: Field, value: unknown): boolean {
  if (value === undefined || value === field.fallback) return true;
  if (value === null || field.fallback === null) return false;
  if (field.kind === 'array' || field.kind === 'bytes') return (value as ArrayLike<unknown>).length === 0;
  if (field.kind !== 'struct') return false;
  return Object.entries(field.shape!).every(([name, part]) =>
    isFallback(part, (value as Record<string, unknown>)[name]),
  );
}
