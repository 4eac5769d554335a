/** Errors of the client and of answers → the classes, `type`s and `code`s that kafkajs programs know. */
import { type ClientError, isClientError } from '@millrace/client';
import { type ApiName, apis, errorName, errors, errorText, isRetriable } from '@millrace/protocol';

import { apiNameOf } from './api-names.ts';

import {
  KafkaJSConnectionClosedError,
  KafkaJSConnectionError,
  KafkaJSError,
  KafkaJSNonRetriableError,
  KafkaJSProtocolError,
  KafkaJSSASLAuthenticationError,
  KafkaJSServerDoesNotSupportApiKey,
} from './errors.ts';
import { isOfProgram } from './of-program.ts';

/** Kafka has renamed these since; kafkajs has not. */
const formerNames = new Map<number, string>([
  [errors.UNKNOWN_SERVER_ERROR, 'UNKNOWN'],
  [errors.NOT_LEADER_OR_FOLLOWER, 'NOT_LEADER_FOR_PARTITION'],
  [errors.COORDINATOR_LOAD_IN_PROGRESS, 'GROUP_LOAD_IN_PROGRESS'],
  [errors.COORDINATOR_NOT_AVAILABLE, 'GROUP_COORDINATOR_NOT_AVAILABLE'],
  [errors.NOT_COORDINATOR, 'NOT_COORDINATOR_FOR_GROUP'],
]);

export interface Fault {
  readonly type: string;
  readonly code: number;
  readonly retriable: boolean;
  readonly message: string;
}

/** As an argument of the error classes. */
export function faultOf(code: number, said?: string | null): Error & Fault {
  const message = said === undefined || said === null || said === '' ? errorText(code) : said;
  // Newer brokers tell a fenced producer from one with a wrong epoch; programs here know one name for both.
  const known = code === errors.PRODUCER_FENCED ? errors.INVALID_PRODUCER_EPOCH : code;
  const type = formerNames.get(known) ?? errorName(known);
  return Object.assign(new Error(message), { type, code: known, retriable: isRetriable(known) });
}

export const protocolError = (code: number, said?: string | null): KafkaJSProtocolError =>
  new KafkaJSProtocolError(faultOf(code, said));

/** Throws when an answer says that something went wrong. */
export function check(code: number, said?: string | null): void {
  if (code !== errors.NONE) throw protocolError(code, said);
}

/** Anything that a call of the client threw. `api` is what was asked. */
export function kafkaJSError(error: unknown, api?: ApiName): unknown {
  if (!isClientError(error)) return error;
  const { code, message, broker } = error;
  if (Object.hasOwn(errors, code)) return protocolError(errors[code as keyof typeof errors], message);
  switch (code) {
    case 'UNREACHABLE':
      return (
        disconnectedBelow(error) ?? new KafkaJSConnectionError(message, { ...reachedBy(error), ...systemCode(error) })
      );
    case 'CLOSED':
    case 'TIMEOUT':
      return new KafkaJSConnectionError(message, { ...reachedBy(error), ...systemCode(error) });
    case 'DISCONNECTED':
    case 'BROKEN_ANSWER':
      return closedError(message, broker);
    case 'AUTHENTICATION':
      return refusal(error);
    case 'UNSUPPORTED':
      if (api === undefined) return new KafkaJSNonRetriableError(message);
      return new KafkaJSServerDoesNotSupportApiKey(message, { apiKey: apis[api].key, apiName: apiNameOf(api) });
    default:
      return error.retriable
        ? new KafkaJSError(message, { cause: error })
        : new KafkaJSNonRetriableError(message, { cause: error });
  }
}

/** Who has written a mechanism or a source of tokens gets to see what it threw. Certificates that do not please are failures to connect. */
function refusal(error: ClientError): unknown {
  let root: unknown = error;
  while (isClientError(root) && root.cause !== undefined) root = root.cause;
  if (isOfProgram(root)) return root;
  if (!isClientError(root))
    return new KafkaJSConnectionError(error.message, { ...reachedBy(error), ...systemCode(error) });
  if (root.code === 'UNSUPPORTED_SASL_MECHANISM')
    return protocolError(errors.UNSUPPORTED_SASL_MECHANISM, error.message);
  return new KafkaJSSASLAuthenticationError(error.message);
}

function closedError(message: string, broker: string | undefined): KafkaJSConnectionClosedError {
  const [host = '', port = ''] = (broker ?? '').split(/:(?=\d+$)/);
  return new KafkaJSConnectionClosedError(message, { host, port: Number(port) });
}

/** Somebody was reached, and hung up. */
function disconnectedBelow(error: ClientError): KafkaJSConnectionClosedError | undefined {
  for (let at: unknown = error.cause; isClientError(at); at = at.cause)
    if (at.code === 'DISCONNECTED' || at.code === 'BROKEN_ANSWER') return closedError(error.message, at.broker);
  return undefined;
}

function reachedBy(error: ClientError): { broker?: string } {
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    if (isClientError(at) && at.broker !== undefined) return { broker: at.broker };
  return {};
}

/** The system's own code, as ECONNREFUSED. */
function systemCode(error: Error): { code?: string } {
  for (let at: unknown = error.cause; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (!isClientError(at) && typeof code === 'string') return { code };
    const [first] = at instanceof AggregateError ? (at.errors as NodeJS.ErrnoException[]) : [];
    if (typeof first?.code === 'string') return { code: first.code };
  }
  return {};
}

/** A group has begun to rebalance, or its coordinator has moved: joining again helps. */
export function isRebalancing(error: unknown): boolean {
  const { type } = error as { type?: string };
  return type === 'REBALANCE_IN_PROGRESS' || type === 'NOT_COORDINATOR_FOR_GROUP' || type === 'ILLEGAL_GENERATION';
}

/** Leaders have to be looked up anew. */
export function isStaleMetadata(error: unknown): boolean {
  const { type } = error as { type?: string };
  return (
    type === 'UNKNOWN_TOPIC_OR_PARTITION' || type === 'LEADER_NOT_AVAILABLE' || type === 'NOT_LEADER_FOR_PARTITION'
  );
}
