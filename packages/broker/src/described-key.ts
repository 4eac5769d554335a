/** One key as DescribeConfigs gives it: value, where it comes from, and what stands behind it. */
import { type Key, type KeyTable, type KeyType } from '@millrace/base';

/** Kafka's ConfigSource. */
export const sources = {
  dynamicTopic: 1,
  dynamicBroker: 2,
  dynamicDefaultBroker: 3,
  staticBroker: 4,
  default: 5,
  brokerLogger: 6,
  clientMetrics: 7,
  group: 8,
} as const;

export interface SourcedText {
  readonly name: string;
  readonly value: string | null;
  readonly source: number;
}

export interface DescribedKey {
  readonly name: string;
  readonly value: string | null;
  readonly isReadOnly: boolean;
  readonly isSensitive: boolean;
  readonly source: number;
  /** Kafka's ConfigType. */
  readonly type: number;
  readonly documentation: string;
  readonly synonyms: readonly SourcedText[];
}

const typeCodes: Readonly<Record<KeyType, number>> = {
  boolean: 1,
  string: 2,
  int: 3,
  short: 4,
  long: 5,
  double: 6,
  list: 7,
  class: 8,
  password: 9,
};

export function described(
  name: string,
  key: Key<unknown>,
  found: {
    readonly value: string | null;
    readonly synonyms: readonly SourcedText[];
    readonly isReadOnly: boolean;
    readonly source?: number;
  },
): DescribedKey {
  return {
    name,
    value: found.value,
    isReadOnly: found.isReadOnly,
    isSensitive: key.type === 'password',
    source: found.source ?? found.synonyms[0]?.source ?? sources.default,
    type: typeCodes[key.type],
    documentation: key.doc,
    synonyms: found.synonyms,
  };
}

/** A layer of texts that were set by name, with where they come from. */
export interface Layer {
  readonly texts: ReadonlyMap<string, string>;
  readonly source: number;
}

/**
 * Everything that speaks for a key's value, strongest first: layer by layer, in each the key itself before its synonyms, at last the
 * defaults. As in Kafka it begins with the key itself, so that one that is only derived has none.
 */
export function speaking(table: KeyTable, name: string, layers: readonly Layer[]): SourcedText[] {
  const key = table[name];
  const names = [name, ...(key?.synonyms.map((synonym) => synonym.name) ?? [])];
  const found: SourcedText[] = [];
  for (const { texts, source } of layers) {
    for (const other of names) {
      const value = texts.get(other);
      if (value !== undefined) found.push({ name: other, value, source });
    }
  }
  for (const other of names) {
    const value = table[other]?.default;
    if (value !== undefined && value !== null) found.push({ name: other, value, source: sources.default });
  }
  const first = found.findIndex((text) => text.name === name);
  return first < 0 ? [] : found.slice(first);
}

/**
 * The text that decides, with the hours and minutes of synonyms turned into milliseconds; null where nothing speaks. Synonyms that the
 * table does not have are keys of `brokers`.
 */
export function decidingText(
  table: KeyTable,
  brokers: KeyTable,
  name: string,
  layers: readonly Layer[],
): string | null {
  const key = table[name];
  if (key === undefined) return null;
  for (const { texts } of layers) {
    const text = table === brokers ? texts.get(name) : undefined;
    if (text !== undefined) return text;
    for (const synonym of key.synonyms) {
      const other = texts.get(synonym.name);
      if (other !== undefined) return scaled(other, synonym.factor);
    }
  }
  if (table === brokers && key.default !== null) return key.default;
  for (const synonym of key.synonyms) {
    const text = brokers[synonym.name]?.default;
    if (text !== undefined && text !== null) return scaled(text, synonym.factor);
  }
  return key.default;
}

export function decidingTexts(table: KeyTable, brokers: KeyTable, layers: readonly Layer[]): Map<string, string> {
  const texts = new Map<string, string>();
  for (const name in table) {
    const text = decidingText(table, brokers, name, layers);
    if (text !== null) texts.set(name, text);
  }
  return texts;
}

function scaled(text: string, factor: number): string {
  return factor === 1 || Number(text) < 0 ? text : String(BigInt(text) * BigInt(factor));
}
