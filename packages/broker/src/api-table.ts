/**
 * The one table of what is served: dispatch, ApiVersions and the reference page are read off it. In: an API's wire table and its
 * handler. Out: the range that is served, and what is left out on purpose.
 */
import { apiByKey, type Api, type RequestOf, type ResponseInputOf } from '@millrace/protocol';

import type { Exchange } from './exchange.ts';
import type { later, noAnswer } from './request.ts';

export type Answer<A extends Api> = ResponseInputOf<A> | typeof later | typeof noAnswer;
export type Handler<A extends Api> = (
  request: RequestOf<A>,
  exchange: Exchange,
) => Answer<A> | Promise<ResponseInputOf<A> | typeof later>;

export interface VersionRange {
  readonly min: number;
  readonly max: number;
}

export interface ServedApi {
  readonly api: Api;
  /** What is answered. */
  readonly versions: VersionRange;
  /** What ApiVersions says, where that differs (Produce: older librdkafka turns compression off when 0 is missing). */
  readonly advertised: VersionRange;
  readonly handle: Handler<Api>;
  /** For the reference page: what Kafka's broker does here and ours does not. */
  readonly leftOut: string | undefined;
}

export interface ServeOptions {
  readonly advertisedMin?: number;
  readonly max?: number;
  readonly leftOut?: string;
}

export function serve<A extends Api>(api: A, handle: Handler<A>, options: ServeOptions = {}): ServedApi {
  const versions = { min: api.versions.since, max: options.max ?? api.versions.until };
  return {
    api,
    versions,
    advertised: { min: options.advertisedMin ?? versions.min, max: versions.max },
    handle: handle,
    leftOut: options.leftOut,
  };
}

export class ApiTable {
  readonly byKey: readonly (ServedApi | undefined)[];
  readonly served: readonly ServedApi[];

  constructor(served: readonly ServedApi[]) {
    const byKey: (ServedApi | undefined)[] = [];
    for (const entry of served) byKey[entry.api.key] = entry;
    this.byKey = byKey;
    this.served = byKey.filter((entry) => entry !== undefined);
  }

  nameOf(key: number): string {
    return apiByKey[key]?.name ?? `API ${key}`;
  }
}

export function apiVersionsRanges(
  served: readonly ServedApi[],
): { apiKey: number; minVersion: number; maxVersion: number }[] {
  return served.map(({ api, advertised }) => ({
    apiKey: api.key,
    minVersion: advertised.min,
    maxVersion: advertised.max,
  }));
}
