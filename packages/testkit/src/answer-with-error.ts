/** An answer of any API → the same with an error. */
type Fields = Record<string, unknown>;

/** The error stands at each innermost place that has room for it; a partition that has one brings no records. */
export function answerWithError(answer: Fields, errorCode: number): Fields {
  return withError(answer, errorCode).value as Fields;
}

function withError(value: unknown, errorCode: number): { value: unknown; count: number } {
  if (Array.isArray(value)) {
    const elements = value.map((element) => withError(element, errorCode));
    return {
      value: elements.map((element) => element.value),
      count: elements.reduce((sum, { count }) => sum + count, 0),
    };
  }
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return { value, count: 0 };
  const entries = Object.entries(value).map(([key, inner]) => [key, withError(inner, errorCode)] as const);
  const copy: Fields = Object.fromEntries(entries.map(([key, inner]) => [key, inner.value]));
  const count = entries.reduce((sum, [, inner]) => sum + inner.count, 0);
  if (count > 0 || !('errorCode' in copy)) return { value: copy, count };
  return { value: { ...copy, errorCode, ...('records' in copy && { records: null }) }, count: 1 };
}
