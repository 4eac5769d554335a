/** `address:count` with commas between them, as in max.connections.per.ip.overrides; undefined for what is none. */
export function parseAddressCounts(text: string): ReadonlyMap<string, number> | undefined {
  const counts = new Map<string, number>();
  for (const part of text.split(',')) {
    if (part.trim() === '') continue;
    const at = part.lastIndexOf(':');
    const digits = part.slice(at + 1).trim();
    if (at <= 0 || !/^\d+$/.test(digits)) return undefined;
    counts.set(part.slice(0, at).trim(), Number(digits));
  }
  return counts;
}
