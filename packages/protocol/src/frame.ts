/**
 * Whole requests and answers. In: a frame without its length. Out: its header, then the request; and from an answer the
 * chunks to put on the socket, length and header included. The mirror images are for clients and tests.
 */
import { apiByKey } from './apis.ts';
import { DecodeError } from './codec-error.ts';
import { decode, write } from './codec.ts';
import { requestHeaderVersion, responseHeaderVersion } from './headers.ts';
import { Reader } from './reader.ts';
import {
  includes,
  type Api,
  type RequestInputOf,
  type RequestOf,
  type ResponseInputOf,
  type ResponseOf,
} from './schema.ts';
import { Writer } from './writer.ts';

export interface RequestHeader {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  /** Null also where the header cannot be read that far. */
  readonly clientId: string | null;
  /** Where the request begins, -1 when its API or version is not in the tables. */
  readonly bodyAt: number;
}

const headerReader = new Reader();
const sharedWriter = new Writer();

/** Of a request that nobody knows it gives what an answer needs; of others it demands that the header be whole. */
export function decodeRequestHeader(frame: Uint8Array, at = 0): RequestHeader {
  const reader = headerReader;
  try {
    reader.open(frame, at);
    const start = reader.take(8);
    const apiKey = reader.view.getInt16(start);
    const apiVersion = reader.view.getInt16(start + 2);
    const correlationId = reader.view.getInt32(start + 4);
    const api = apiByKey[apiKey];
    if (api === undefined || !includes(api.versions, apiVersion)) {
      return { apiKey, apiVersion, correlationId, clientId: clientIdIfThere(reader), bodyAt: -1 };
    }
    const clientId = reader.textOrNull(reader.length16());
    if (requestHeaderVersion(api, apiVersion) === 2) reader.skipTags();
    return { apiKey, apiVersion, correlationId, clientId, bodyAt: reader.at - frame.byteOffset };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new DecodeError(`RequestHeader, byte ${reader.at - frame.byteOffset}: ${error.message}`);
  } finally {
    reader.close();
  }
}

/** All header versions have the client id at the same place. */
function clientIdIfThere(reader: Reader): string | null {
  try {
    return reader.textOrNull(reader.length16());
  } catch {
    return null;
  }
}

export function decodeRequest<A extends Api>(api: A, version: number, frame: Uint8Array, at: number): RequestOf<A> {
  return decode(api.request, version, frame, at) as RequestOf<A>;
}

/** The frame of an answer as chunks, its length first. */
export function encodeResponse<A extends Api>(
  api: A,
  version: number,
  correlationId: number,
  response: ResponseInputOf<A>,
): Uint8Array[] {
  writeResponse(sharedWriter, api, version, correlationId, response);
  return sharedWriter.take();
}

/** The same behind what the writer holds already, so that many small answers become one chunk. */
export function writeResponse<A extends Api>(
  writer: Writer,
  api: A,
  version: number,
  correlationId: number,
  response: ResponseInputOf<A>,
): void {
  const frame = writer.beginFrame();
  try {
    writer.int32(correlationId);
    if (responseHeaderVersion(api, version) === 1) writer.int8(0);
    write(writer, api.response, version, response);
    writer.endFrame(frame);
  } catch (error) {
    writer.rewind(frame);
    throw error;
  }
}

export interface ResponseFrame<A extends Api> {
  readonly correlationId: number;
  readonly response: ResponseOf<A>;
}

export function decodeResponse<A extends Api>(api: A, version: number, frame: Uint8Array, at = 0): ResponseFrame<A> {
  const { correlationId, bodyAt } = decodeResponseHeader(api, version, frame, at);
  return { correlationId, response: decode(api.response, version, frame, bodyAt) as ResponseOf<A> };
}

function decodeResponseHeader(api: Api, version: number, frame: Uint8Array, at: number) {
  const reader = headerReader;
  try {
    reader.open(frame, at);
    const correlationId = reader.view.getInt32(reader.take(4));
    if (responseHeaderVersion(api, version) === 1) reader.skipTags();
    return { correlationId, bodyAt: reader.at - frame.byteOffset };
  } finally {
    reader.close();
  }
}

export function encodeRequest<A extends Api>(
  api: A,
  version: number,
  correlationId: number,
  clientId: string | null,
  request: RequestInputOf<A>,
): Uint8Array[] {
  writeRequest(sharedWriter, api, version, correlationId, clientId, request);
  return sharedWriter.take();
}

export function writeRequest<A extends Api>(
  writer: Writer,
  api: A,
  version: number,
  correlationId: number,
  clientId: string | null,
  request: RequestInputOf<A>,
): void {
  const frame = writer.beginFrame();
  try {
    writer.int16(api.key);
    writer.int16(version);
    writer.int32(correlationId);
    if (clientId === null) writer.int16(-1);
    else writer.text(clientId, false);
    if (requestHeaderVersion(api, version) === 2) writer.int8(0);
    write(writer, api.request, version, request);
    writer.endFrame(frame);
  } catch (error) {
    writer.rewind(frame);
    throw error;
  }
}
