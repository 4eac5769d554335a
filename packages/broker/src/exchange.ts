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
  /** Set once: the frame to send, or an empty list where the client expects no answer. */
  answer: readonly Uint8Array[] | undefined;
  release: (() => void) | undefined;

  constructor(
    session: Session,
    header: {
      readonly apiKey: number;
      readonly apiVersion: number;
      readonly correlationId: number;
      readonly clientId: string | null;
    },
    startedAtMs: number,
  ) {
    this.session = session;
    this.apiKey = header.apiKey;
    this.apiVersion = header.apiVersion;
    this.correlationId = header.correlationId;
    this.clientId = header.clientId;
    this.startedAtMs = startedAtMs;
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
