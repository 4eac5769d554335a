/** A broken invariant: a bug of ours, never bad input. In the broker it ends the process. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** Always on. States what must be true here; bad input is answered with an error instead. */
export function assert(condition: unknown, text = 'broken invariant'): asserts condition {
  if (!condition) throw new AssertionError(text);
}
