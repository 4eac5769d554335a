/** Which metrics are wanted of which clients: the client-metrics resources, made ready for matching. */
import { splitList } from '@millrace/base';
import { crc32c } from '@millrace/protocol';

import { resourceTypes, type MetadataImage } from '../metadata/image.ts';
import type { Re2Pattern } from '../re2-pattern.ts';
import { matchPattern } from './match-pattern.ts';

/** What a client may be chosen by, under Kafka's names. */
export type ClientAttributes = ReadonlyMap<string, string>;

export interface WantedMetrics {
  /** Beginnings of names; `*` alone for all. */
  readonly metrics: readonly string[];
  readonly pushIntervalMs: number;
}

interface Subscription {
  readonly metrics: readonly string[];
  readonly intervalMs: number;
  readonly match: readonly (readonly [attribute: string, pattern: Re2Pattern | undefined])[];
}

const all = '*';
const intervalMsDefault = 300_000;

export class Subscriptions {
  readonly #image: MetadataImage;
  #list: readonly Subscription[] | undefined = undefined;
  #version = 0;

  constructor(image: MetadataImage) {
    this.#image = image;
  }

  /** Grows with every change. */
  get version(): number {
    return this.#version;
  }

  changed(): void {
    this.#version++;
    this.#list = undefined;
  }

  /** Of all subscriptions that match, together; the shortest interval counts. */
  wanted(client: ClientAttributes): WantedMetrics {
    const metrics = new Set<string>();
    let pushIntervalMs = intervalMsDefault;
    this.#list ??= this.#image.settingNames(resourceTypes.clientMetrics).map((name) => this.#read(name));
    for (const subscription of this.#list) {
      const { match, intervalMs } = subscription;
      if (!match.every(([attribute, pattern]) => pattern?.matches(client.get(attribute) ?? '') === true)) continue;
      for (const metric of subscription.metrics) metrics.add(metric);
      pushIntervalMs = Math.min(pushIntervalMs, intervalMs);
    }
    return { metrics: metrics.has(all) ? [all] : [...metrics], pushIntervalMs };
  }

  #read(name: string): Subscription {
    const texts = this.#image.settings(resourceTypes.clientMetrics, name);
    return {
      metrics: splitList(texts.get('metrics') ?? ''),
      intervalMs: Number(texts.get('interval.ms') ?? intervalMsDefault),
      match: splitList(texts.get('match') ?? '').map((pair) => {
        const at = pair.indexOf('=');
        return [pair.slice(0, at).trim(), matchPattern(pair.slice(at + 1).trim())];
      }),
    };
  }
}

/** Tells one set of wanted metrics of a client from another, so that a push for an older one is found out. */
export function subscriptionIdOf({ metrics, pushIntervalMs }: WantedMetrics, clientInstanceId: string): number {
  const id = Buffer.from(clientInstanceId, 'base64url');
  let hash = crc32c(Buffer.from(`${metrics.join(',')} ${pushIntervalMs}`));
  for (let at = 0; at + 4 <= id.length; at += 4) hash ^= id.readInt32BE(at);
  return hash | 0;
}
