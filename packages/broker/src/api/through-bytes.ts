/**
 * One call as a client makes it, without a connection. In: a request, and who serves it once it is decoded. Out: the answer as the
 * client decodes it.
 */
import {
  type Api,
  decodeRequest,
  decodeRequestHeader,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  type RequestInputOf,
  type ResponseOf,
} from '@millrace/protocol';

/** Answers at once with what it returns, or later through `answer`. */
type Serve = (request: never, answer: (response: object) => void) => unknown;

export async function throughBytes<A extends Api>(
  api: A,
  version: number,
  request: RequestInputOf<A>,
  serve: Serve,
): Promise<ResponseOf<A>> {
  const frame = Buffer.concat(encodeRequest(api, version, 7, 'client', request)).subarray(4);
  const decoded = decodeRequest(api, version, frame, decodeRequestHeader(frame).bodyAt);
  const { promise, resolve } = Promise.withResolvers<object>();
  const answered = serve(decoded as never, resolve);
  if (typeof answered === 'object' && answered !== null) resolve(answered);
  const bytes = Buffer.concat(encodeResponse(api, version, 7, (await promise) as never));
  return decodeResponse(api, version, bytes.subarray(4)).response;
}
