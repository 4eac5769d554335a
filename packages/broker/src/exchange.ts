/**
 * One request on its way to its answer. In: the decoded header. Out: the encoded answer, which leaves when all answers before it
 * on the same connection have left.
 */
import type { Session } from './session.ts';

export class Exchange {
  readonly session: Session;
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string | null;
  readonly startedAtMs: number;
  /** Of the whole request, without its length in front. */
  readonly requestBytes: number;
  /** For how long nobody else was served; -1 while that is not known, 0 where nobody asks. */
  busyMs = -1;
  /** What a quota asks of the client that the handler looked at. */
  throttleMs = 0;
  /** Set once: the frame to send, or an empty list where the client expects no answer. */
  answer: readonly Uint8Array[] | undefined;
  release: (() => void) | undefined;
  /** What follows on the connection waits for its answer, even what is elsewise begun at once. */
  isAlone = false;

  constructor(
    session: Session,
    header: {
      readonly apiKey: number;
      readonly apiVersion: number;
      readonly correlationId: number;
      readonly clientId: string | null;
    },
    startedAtMs: number,
    requestBytes: number,
  ) {
    this.session = session;
    this.apiKey = header.apiKey;
    this.apiVersion = header.apiVersion;
    this.correlationId = header.correlationId;
    this.clientId = header.clientId;
    this.startedAtMs = startedAtMs;
    this.requestBytes = requestBytes;
    this.answer = undefined;
    this.release = undefined;
  }

  /** Where the client listens to us from: decides which address it is told. */
  get listenerName(): string {
    return this.session.connection.listenerName;
  }

  get clientHost(): string {
    return this.session.connection.remoteAddress;
  }
}
