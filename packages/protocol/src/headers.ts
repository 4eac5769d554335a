import { int16, int32, message, nullable, string, type Message } from './schema.ts';

/** Version 2 comes with the flexible versions of an API; version 0 is gone. */
export const requestHeader = message('RequestHeader', '1-2', 2, {
  requestApiKey: int16(),
  requestApiVersion: int16(),
  correlationId: int32(),
  /** Never compact, so that any broker can read the header of an ApiVersions request from the future. */
  clientId: nullable(string({ compact: false })),
});

export const responseHeader = message('ResponseHeader', '0-1', 1, {
  correlationId: int32(),
});

/** The headers of an API at a version. */
export function requestHeaderVersion(api: { readonly request: Message }, version: number): number {
  return version >= api.request.flexibleSince ? 2 : 1;
}

/** ApiVersions is always answered with version 0: the client does not know yet what we speak. */
export function responseHeaderVersion(
  api: { readonly key: number; readonly response: Message },
  version: number,
): number {
  return version >= api.response.flexibleSince && api.key !== 18 ? 1 : 0;
}
