/** What goes to one broker: the connection, the requests in flight, and the partitions that have something for it. */
import type { Connection } from '../cluster/connection.ts';
import type { PartitionQueue } from './partition-queue.ts';

export class Lane {
  readonly brokerId: number;
  connection: Connection | undefined;
  isConnecting = false;
  inFlight = 0;
  /** Not before: the broker could not be reached, or has asked for a pause (by `clock.monotonic`). */
  notBeforeMs = 0;
  /** Since when there is something to send that could not be; 0: nothing. */
  stuckSinceMs = 0;
  /** Partitions that have something to send. */
  readonly active = new Set<PartitionQueue>();

  constructor(brokerId: number) {
    this.brokerId = brokerId;
  }
}
