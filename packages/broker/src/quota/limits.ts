/**
 * What clients are held to, in step with settings and quotas. In: the configuration, the metadata image, and every record that changes
 * it. Out: quotas for the pipeline, admission for the listeners; connections that are too many since a limit was lowered are closed.
 */
import type { Host } from '@millrace/base';
import type { Connection } from '@millrace/net';

import { parseAddressCounts } from '../config/address-counts.ts';
import type { BrokerConfig } from '../config/broker-config.ts';
import { resourceTypes, type MetadataImage } from '../metadata/image.ts';
import type { MetadataRecord } from '../metadata/record.ts';
import type { Settings } from '../settings.ts';
import { ClientQuotas } from './client-quotas.ts';
import { ConnectionAdmission, type ConnectionLimits, type ListenerLimits } from './connection-admission.ts';
import { connectionRateOf } from './quota-resolution.ts';

export interface LimitsOptions {
  readonly host: Host;
  readonly config: BrokerConfig;
  readonly image: MetadataImage;
  readonly settings: Settings;
}

export interface LimitedListener {
  readonly name: string;
  connections(): Iterable<Connection>;
}

const unlimited = 2147483647;

export class Limits {
  readonly quotas: ClientQuotas;
  readonly admission: ConnectionAdmission;
  readonly #options: LimitsOptions;
  readonly #listeners: readonly LimitedListener[];

  constructor(options: LimitsOptions, listeners: readonly LimitedListener[]) {
    const { host, config, image } = options;
    this.#options = options;
    this.#listeners = listeners;
    const { values } = config;
    const client = windows(values['quota.window.num'], values['quota.window.size.seconds']);
    const controller = windows(values['controller.quota.window.num'], values['controller.quota.window.size.seconds']);
    this.quotas = new ClientQuotas(image.quotas, { client, controller }, host.clock);
    const between = values['inter.broker.listener.name']?.toUpperCase() ?? values['security.inter.broker.protocol'];
    const isProtected = (name: string): boolean => name === between && listeners.length > 1;
    this.admission = new ConnectionAdmission(host.clock, client, isProtected);
  }

  /** After all records were replayed, at start. */
  loaded(): void {
    this.quotas.changed();
    this.admission.limit(this.#connectionLimits());
  }

  /** After the replay of a record that was committed. */
  changed(record: MetadataRecord): void {
    const isSetting = record.type === 'ConfigRecord' && record.resourceType === resourceTypes.broker;
    if (record.type !== 'ClientQuotaRecord' && !isSetting) return;
    this.loaded();
    this.#closeSurplus();
  }

  #connectionLimits(): ConnectionLimits {
    const { settings, image } = this.#options;
    const { values } = settings;
    return {
      connectionsMax: values['max.connections'],
      perAddressMax: values['max.connections.per.ip'],
      overrides: parseAddressCounts(values['max.connections.per.ip.overrides']) ?? new Map(),
      creationRateMax: values['max.connection.creation.rate'],
      ofListener: this.#listenerLimits(),
      addressRate: (address) => connectionRateOf(image.quotas, address),
    };
  }

  #listenerLimits(): (name: string) => ListenerLimits {
    const limits = new Map(
      this.#listeners.map(({ name }) => {
        const prefix = `listener.name.${name.toLowerCase()}.`;
        return [
          name,
          {
            connectionsMax: this.#numberOf(`${prefix}max.connections`),
            creationRateMax: this.#numberOf(`${prefix}max.connection.creation.rate`),
          },
        ];
      }),
    );
    return (name) => limits.get(name) ?? { connectionsMax: unlimited, creationRateMax: unlimited };
  }

  /** Of a key that begins with a listener's name: the tables do not have those. What is no number is no limit. */
  #numberOf(key: string): number {
    const { image, config } = this.#options;
    const text =
      image.settings(resourceTypes.broker, String(config.nodeId)).get(key) ??
      image.settings(resourceTypes.broker, '').get(key) ??
      config.properties.get(key);
    const value = text === undefined ? Number.NaN : Number(text);
    return Number.isInteger(value) && value > 0 ? value : unlimited;
  }

  /** As in Kafka those that were silent longest go first. */
  #closeSurplus(): void {
    const { surplus } = this.admission;
    if (surplus === 0) return;
    const open = this.#listeners
      .filter(({ name }) => !this.admission.isProtected(name))
      .flatMap((listener) => [...listener.connections()]);
    open.sort((left, right) => left.lastActiveAtMs - right.lastActiveAtMs);
    for (const connection of open.slice(0, surplus)) connection.close();
  }
}

function windows(count: number, seconds: number): { readonly count: number; readonly sizeMs: number } {
  return { count, sizeMs: seconds * 1000 };
}
