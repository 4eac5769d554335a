/**
 * The id and epoch by which brokers know this producer. Without transactions nobody else has the id, so that a new epoch needs no
 * asking (KIP-360); a new id is asked for when the epochs are used up.
 */
import { errors } from '@millrace/protocol';

import type { Cluster } from '../cluster/cluster.ts';
import { answerError, type ClientError, isClientError } from '../error.ts';

const epochMax = 0x7fff;

export class ProducerIdentity {
  readonly #cluster: Cluster;
  id = -1;
  epoch = -1;
  #isAsking = false;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  get isKnown(): boolean {
    return this.id >= 0;
  }

  set(id: number, epoch: number): void {
    this.id = id;
    this.epoch = epoch;
  }

  /** In the background, until there is one; `failed` when there will be none. */
  obtain(known: () => void, failed: (error: ClientError) => void): void {
    if (this.#isAsking) return;
    this.#isAsking = true;
    this.#cluster
      .retry(Number.POSITIVE_INFINITY, () => this.#ask())
      .then(known, (error: unknown) => isClientError(error) && failed(error))
      .finally(() => (this.#isAsking = false));
  }

  /** A newer epoch; false when a new id has to be asked for first. */
  bump(): boolean {
    if (this.epoch >= epochMax) {
      this.id = -1;
      return false;
    }
    this.epoch++;
    return true;
  }

  async #ask(): Promise<void> {
    const answer = await this.#cluster.request('any', 'initProducerId', {
      transactionalId: null,
      transactionTimeoutMs: 0x7fff_ffff,
    });
    if (answer.errorCode !== errors.NONE) throw answerError(answer.errorCode, 'Asking for a producer id');
    this.set(answer.producerId, answer.producerEpoch);
  }
}
