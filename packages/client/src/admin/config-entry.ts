/** Settings as brokers tell them, in Kafka's names. */
import { wordOf } from './words.ts';

const configSources = [
  'UNKNOWN',
  'DYNAMIC_TOPIC_CONFIG',
  'DYNAMIC_BROKER_CONFIG',
  'DYNAMIC_DEFAULT_BROKER_CONFIG',
  'STATIC_BROKER_CONFIG',
  'DEFAULT_CONFIG',
  'DYNAMIC_BROKER_LOGGER_CONFIG',
  'DYNAMIC_CLIENT_METRICS_CONFIG',
  'DYNAMIC_GROUP_CONFIG',
] as const;
export type ConfigSource = (typeof configSources)[number];

const configTypes = [
  'UNKNOWN',
  'BOOLEAN',
  'STRING',
  'INT',
  'SHORT',
  'LONG',
  'DOUBLE',
  'LIST',
  'CLASS',
  'PASSWORD',
] as const;
export type ConfigType = (typeof configTypes)[number];

export interface ConfigSynonym {
  readonly name: string;
  readonly value: string | null;
  readonly source: ConfigSource;
}

export interface ConfigEntry {
  readonly name: string;
  /** Null where it is not set, or secret. */
  readonly value: string | null;
  readonly source: ConfigSource;
  readonly type: ConfigType;
  readonly isDefault: boolean;
  readonly isReadOnly: boolean;
  readonly isSensitive: boolean;
  /** Where the value comes from and what it would be without that, nearest first; empty unless asked for. */
  readonly synonyms: readonly ConfigSynonym[];
  /** Null unless asked for. */
  readonly documentation: string | null;
}

/** By name, or as a list. Null in CreateTopics is what the broker makes of it: an error. */
export type ConfigsInput = Readonly<Record<string, string | number | boolean>> | ReadonlyMap<string, string>;

interface WireEntry {
  readonly name: string;
  readonly value: string | null;
  readonly readOnly: boolean;
  readonly configSource: number;
  readonly isSensitive: boolean;
  readonly configType?: number;
  readonly documentation?: string | null;
  readonly synonyms?: readonly { readonly name: string; readonly value: string | null; readonly source: number }[];
}

export function configEntryOf(entry: WireEntry): ConfigEntry {
  const { name, value, readOnly, configSource, isSensitive, configType, documentation, synonyms } = entry;
  const source = wordOf(configSources, configSource);
  return {
    name,
    value,
    source,
    type: wordOf(configTypes, configType ?? 0),
    isDefault: source === 'DEFAULT_CONFIG',
    isReadOnly: readOnly,
    isSensitive,
    synonyms: (synonyms ?? []).map((synonym) => ({
      name: synonym.name,
      value: synonym.value,
      source: wordOf(configSources, synonym.source),
    })),
    documentation: documentation ?? null,
  };
}

export function configsOf(configs: ConfigsInput): { name: string; value: string }[] {
  const entries = configs instanceof Map ? [...configs] : Object.entries(configs as Readonly<Record<string, unknown>>);
  return entries.map(([name, value]) => ({ name, value: `${value}` }));
}
