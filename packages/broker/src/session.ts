/** What the broker remembers of one connection: the requests under way, in order, and the ones that wait behind them. */
import type { Timer } from '@millrace/base';
import type { Connection } from '@millrace/net';

import type { Exchange } from './exchange.ts';

export class Session {
  readonly connection: Connection;
  /** Under way, oldest first; the oldest is answered first. */
  readonly exchanges: Exchange[] = [];
  /** Copies of frames that wait until the requests under way are answered. */
  readonly waiting: Buffer[] = [];
  waitingBytes = 0;
  /** From ApiVersions 3 and later. */
  softwareName = 'unknown';
  softwareVersion = 'unknown';
  /** For whoever must know that the client is gone: a parked fetch. */
  onClosed: (() => void) | undefined = undefined;
  /** The same for what outlives requests: a client that pushes its metrics. */
  onEnded: (() => void) | undefined = undefined;
  /** Until then nothing is started and nothing is read, because a quota is used up; 0 for not at all. */
  mutedUntilMs = 0;
  unmute: Timer | undefined = undefined;
  /** An answer is queued and not yet flushed. */
  isDirty = false;

  constructor(connection: Connection) {
    this.connection = connection;
  }
}
