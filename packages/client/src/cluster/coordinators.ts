/** Which broker keeps a group, a transactional id or a share partition. Remembered until somebody says that it is wrong. */
import { errors, type ExactResponse } from '@millrace/protocol';

import { answerError } from '../error.ts';
import type { Outgoing } from './connection.ts';
import type { BrokerNode } from './topic-metadata.ts';

export type CoordinatorType = 'group' | 'transaction' | 'share';

const keyTypes = { group: 0, transaction: 1, share: 2 } as const satisfies Record<CoordinatorType, number>;
const nouns = { group: 'group', transaction: 'transactional id', share: 'share partition' } as const;

export class Coordinators {
  readonly #ask: (request: Outgoing<'findCoordinator'>) => Promise<ExactResponse<'findCoordinator'>>;
  readonly #known = new Map<string, Promise<BrokerNode>>();

  constructor(ask: (request: Outgoing<'findCoordinator'>) => Promise<ExactResponse<'findCoordinator'>>) {
    this.#ask = ask;
  }

  /** Throws `ClientError` with what the broker said. */
  find(type: CoordinatorType, key: string): Promise<BrokerNode> {
    const id = `${type}:${key}`;
    let known = this.#known.get(id);
    if (known === undefined) {
      known = this.#look(type, key);
      this.#known.set(id, known);
      known.catch(() => this.#known.delete(id));
    }
    return known;
  }

  forget(type: CoordinatorType, key: string): void {
    this.#known.delete(`${type}:${key}`);
  }

  async #look(type: CoordinatorType, key: string): Promise<BrokerNode> {
    const keyType = keyTypes[type];
    // Until version 3 there is one key, since version 4 a list.
    const answer = await this.#ask((version) => (version < 4 ? { key, keyType } : { keyType, coordinatorKeys: [key] }));
    const found = answer.coordinators.length > 0 ? answer.coordinators[0]! : answer;
    const { errorCode, errorMessage, nodeId: id, host, port } = found;
    if (errorCode !== errors.NONE)
      throw answerError(errorCode, `Looking up the coordinator of ${nouns[type]} "${key}"`, errorMessage);
    return { id, host, port, rack: null };
  }
}
