/** `auto.offset.reset`: where to begin when there is no offset to begin with. */

/** A timestamp for ListOffsets: -2 the first, -1 the end, or that many ms before now. */
export type ResetPolicy =
  | { readonly kind: 'none' | 'earliest' | 'latest' }
  | { readonly kind: 'duration'; readonly durationMs: number };

/** ISO 8601, of days, hours, minutes and seconds: what Java's Duration takes. */
const duration = /^by_duration:P(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,9})?)S)?)?$/i;

/** What is wrong with a text, as the end of a sentence. */
export function resetFault(text: string): string | undefined {
  return parse(text) === undefined
    ? 'must be earliest, latest, none or by_duration: with a duration like PT1H30M'
    : undefined;
}

/** Of a text that `resetFault` finds nothing wrong with. */
export function resetPolicyOf(text: string): ResetPolicy {
  return parse(text) ?? { kind: 'none' };
}

function parse(text: string): ResetPolicy | undefined {
  const kind = text.toLowerCase();
  if (kind === 'none' || kind === 'earliest' || kind === 'latest') return { kind };
  const match = duration.exec(text);
  if (match === null || match.slice(1).every((part) => part === undefined)) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return { kind: 'duration', durationMs: Math.round((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000) };
}
