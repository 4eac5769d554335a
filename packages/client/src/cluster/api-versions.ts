/** Which version of each API a broker and we both know. In: the answer to ApiVersions. Out: the version to send. */
import { apis, type ApiName, type ApiVersionsResponse } from '@millrace/protocol';

import { ClientError } from '../error.ts';

const shareGroups = ' Share groups need Apache Kafka 4.2 or newer; on other brokers use a consumer group (Consumer).';
/** What to do where a broker lacks what an option, not the user, has asked for. */
const instead: { readonly [K in ApiName]?: string } = {
  consumerGroupHeartbeat:
    ' It is group.protocol=consumer that needs it; group.protocol=classic works with every broker.',
  shareGroupHeartbeat: shareGroups,
  shareGroupDescribe: shareGroups,
  initProducerId: ' It is idempotence and transactions that need it; enable.idempotence=false does without.',
};

interface VersionRange {
  readonly min: number;
  readonly max: number;
}

export class ApiVersions {
  readonly #ranges = new Map<number, VersionRange>();
  readonly #features = new Map<string, number>();
  readonly #broker: string;

  constructor(
    broker: string,
    { apiKeys, finalizedFeatures }: Pick<ApiVersionsResponse, 'apiKeys' | 'finalizedFeatures'>,
  ) {
    this.#broker = broker;
    for (const { apiKey, minVersion, maxVersion } of apiKeys)
      this.#ranges.set(apiKey, { min: minVersion, max: maxVersion });
    for (const { name, maxVersionLevel } of finalizedFeatures) this.#features.set(name, maxVersionLevel);
  }

  has(name: ApiName): boolean {
    return this.#newest(name) !== undefined;
  }

  /** The level that the cluster has settled on, 0 where it has not. */
  featureLevel(name: string): number {
    return this.#features.get(name) ?? 0;
  }

  /** The newest version that both sides know, not above `versionMax`. Throws `ClientError` UNSUPPORTED when there is none. */
  choose(name: ApiName, versionMax = Number.POSITIVE_INFINITY): number {
    const version = this.#newest(name, versionMax);
    if (version !== undefined) return version;
    const range = this.#ranges.get(apis[name].key);
    const offer = range === undefined ? 'does not offer it' : `offers versions ${range.min} to ${range.max} of it`;
    const own = apis[name].versions;
    throw new ClientError(
      'UNSUPPORTED',
      `${apis[name].name} cannot be sent to ${this.#broker}: the broker ${offer}, and this client has ${own.since} to ${Math.min(own.until, versionMax)}.${range === undefined ? (instead[name] ?? '') : ''}`,
      { broker: this.#broker },
    );
  }

  #newest(name: ApiName, versionMax = Number.POSITIVE_INFINITY): number | undefined {
    const { key, versions } = apis[name];
    const range = this.#ranges.get(key);
    if (range === undefined) return undefined;
    const version = Math.min(range.max, versions.until, versionMax);
    return version >= range.min && version >= versions.since ? version : undefined;
  }
}
