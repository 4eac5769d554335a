import type { Labels } from './otlp.ts';

/** Names and values of what there is. */
export const clientLabels = (given: Readonly<Record<string, string | null | undefined>>): Labels =>
  Object.entries(given).filter((entry): entry is [string, string] => entry[1] != null && entry[1] !== '');
