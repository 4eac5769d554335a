/** What has settings: a topic, a broker, its loggers, a group, clients' metrics. */
export const configResourceCodes = {
  TOPIC: 2,
  BROKER: 4,
  BROKER_LOGGER: 8,
  CLIENT_METRICS: 16,
  GROUP: 32,
} as const;
export type ConfigResourceType = keyof typeof configResourceCodes;

export interface ConfigResource {
  readonly type: ConfigResourceType;
  /** Of a broker: its id, or empty for the default of all brokers. */
  readonly name: string;
}

export function configResourceTypeOf(code: number): ConfigResourceType | 'UNKNOWN' {
  const types = Object.keys(configResourceCodes) as ConfigResourceType[];
  return types.find((type) => configResourceCodes[type] === code) ?? 'UNKNOWN';
}

export function nameOfResource(type: string, name: string): string {
  return `${type}:${name}`;
}

/** The broker that alone knows the settings of the resource; undefined: all know. */
export function brokerOfResource({ type, name }: ConfigResource): number | undefined {
  if (name === '' || (type !== 'BROKER' && type !== 'BROKER_LOGGER')) return undefined;
  const id = Number(name);
  return Number.isSafeInteger(id) ? id : undefined;
}
