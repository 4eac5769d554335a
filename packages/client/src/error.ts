/**
 * What goes wrong in a client, as one closed union: compare `code`, never classes. A code is the name of Kafka's own error where a broker
 * said it, else one of `OwnErrorCode`. The message says what was tried, on what, and what to do.
 */
import { errorKind, errorName, errors, errorText, type ErrorName } from '@millrace/protocol';

export type OwnErrorCode =
  /** An option that cannot be. */
  | 'CONFIG'
  /** The time for it is over; whether it took effect is unknown, unless the message says so. */
  | 'TIMEOUT'
  /** The connection ended before the answer. */
  | 'DISCONNECTED'
  /** No broker could be reached. */
  | 'UNREACHABLE'
  /** The producer, consumer or admin was closed. */
  | 'CLOSED'
  /** An `AbortSignal` said so. */
  | 'ABORTED'
  /** The broker sent what the protocol does not allow. */
  | 'BROKEN_ANSWER'
  /** The broker is too old, or too new, for what was asked. */
  | 'UNSUPPORTED'
  /** Keys, values or records that cannot be sent or read. */
  | 'SERIALIZATION'
  /** `buffer.memory` stayed full for `max.block.ms`. */
  | 'BUFFER_FULL'
  /** A call that is not possible in this state. */
  | 'STATE'
  /** A SASL or TLS exchange that failed. */
  | 'AUTHENTICATION'
  /** A committed or sought offset is gone and `auto.offset.reset` is `none`. */
  | 'NO_OFFSET'
  /** Records that were read are not in the log any more: a leader was elected without them (KIP-320). */
  | 'LOG_TRUNCATED'
  /** A handler of the user's threw. */
  | 'HANDLER';

export type ClientErrorCode = Exclude<ErrorName, 'NONE'> | OwnErrorCode;

export interface ClientErrorOptions extends ErrorOptions {
  /** Whether the same call may succeed later. Left out: by the code. */
  readonly retriable?: boolean;
  /** Nothing more can be done with this producer, consumer or admin but to close it. */
  readonly fatal?: boolean;
  /** The transaction at hand must be aborted; the producer goes on afterwards. */
  readonly abortable?: boolean;
  /** `host:port` of who said it. */
  readonly broker?: string;
  /** Of a call over many items, those that failed, by name. */
  readonly failures?: ReadonlyMap<string, ClientError>;
  /** Of a call over many items, what came of the others. */
  readonly results?: readonly unknown[];
}

const brand = Symbol.for('millrace.clientError');

const ownRetriable: ReadonlySet<string> = new Set<OwnErrorCode>([
  'TIMEOUT',
  'DISCONNECTED',
  'UNREACHABLE',
  'BUFFER_FULL',
]);
/** After these no request of the same client succeeds any more. */
const fatalCodes: ReadonlySet<string> = new Set<ErrorName>([
  'PRODUCER_FENCED',
  'INVALID_PRODUCER_EPOCH',
  'FENCED_INSTANCE_ID',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
]);

export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code: ClientErrorCode;
  readonly retriable: boolean;
  readonly fatal: boolean;
  readonly abortable: boolean;
  readonly broker: string | undefined;
  readonly [brand] = true;
  readonly #failures: ReadonlyMap<string, ClientError>;
  readonly #results: readonly unknown[];

  constructor(code: ClientErrorCode, message: string, options: ClientErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retriable = options.retriable ?? (wireCode(code) === undefined ? ownRetriable.has(code) : isPassing(code));
    this.fatal = options.fatal ?? fatalCodes.has(code);
    this.abortable = options.abortable ?? false;
    this.broker = options.broker;
    this.#failures = options.failures ?? new Map();
    this.#results = options.results ?? [];
  }

  /** Of a call over many items, those that failed, by name; empty of any other call. */
  get failures(): ReadonlyMap<string, ClientError> {
    return this.#failures;
  }

  /** What came of the items that did not fail. */
  get results(): readonly unknown[] {
    return this.#results;
  }
}

/** Holds across copies of the package, where `instanceof` does not. */
export function isClientError(error: unknown): error is ClientError {
  return typeof error === 'object' && error !== null && brand in error;
}

/** The number of the error on the wire; undefined for our own. */
export function wireCode(code: ClientErrorCode): number | undefined {
  return code in errors ? errors[code as ErrorName] : undefined;
}

/**
 * An answer's error code as an error. `what` is what was tried, as the beginning of a sentence: `Committing offsets of "orders"`;
 * `said` is the broker's own text, where it sent one.
 */
export function answerError(
  code: number,
  what: string,
  said?: string | null,
  options: ClientErrorOptions = {},
): ClientError {
  const name = errorName(code);
  const from = options.broker === undefined ? '' : ` by ${options.broker}`;
  const reason = said === null || said === undefined || said === '' ? errorText(code) : said;
  const known = name === 'NONE' ? 'UNKNOWN_SERVER_ERROR' : name;
  return new ClientError(
    known,
    `${what} was answered${from} with ${known}: ${reason}${advice.get(known) ?? ''}`,
    options,
  );
}

const allow = ' An ACL has to allow it to the user that this client logs in as.';
/** What to do, where brokers only say what is wrong. */
const advice: ReadonlyMap<string, string> = new Map([
  ['TOPIC_AUTHORIZATION_FAILED', allow],
  ['GROUP_AUTHORIZATION_FAILED', allow],
  ['CLUSTER_AUTHORIZATION_FAILED', allow],
  ['TRANSACTIONAL_ID_AUTHORIZATION_FAILED', allow],
  [
    'INCONSISTENT_GROUP_PROTOCOL',
    ' Members of a group need one group.protocol, and a partition.assignment.strategy in common.',
  ],
] satisfies [ErrorName, string][]);

/** Whether leaders have to be looked up anew before the call is repeated. */
export function wantsMetadata({ code }: ClientError): boolean {
  const wire = wireCode(code);
  return wire === undefined ? code === 'DISCONNECTED' || code === 'UNREACHABLE' : errorKind(wire) === 'refresh';
}

function isPassing(code: ClientErrorCode): boolean {
  return errorKind(wireCode(code)!) !== 'final';
}
