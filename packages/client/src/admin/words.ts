/** Kafka's names for what are numbers on the wire. The place of a name in its list is its number; the first one is for those we do not know. */
export function wordOf<W extends string>(words: readonly [W, ...W[]], code: number): W {
  return words[code] ?? words[0];
}

export function codeOf<W extends string>(words: readonly W[], word: W): number {
  return words.indexOf(word);
}
