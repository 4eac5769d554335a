/** Which broker keeps a group, a transactional id or a share partition. Remembered until somebody says that it is wrong. */
import { errors, type ExactResponse } from '@millrace/protocol';

import { answerError, type ClientError, isClientError, wireCode } from '../error.ts';
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
    const id = idOf(type, key);
    return this.#known.get(id) ?? this.#remember(id, this.#look(type, key));
  }

  /** Of many keys, in one request where the broker takes many. A key that was refused has its error. Throws as asking does. */
  async findAll(type: CoordinatorType, keys: readonly string[]): Promise<Map<string, BrokerNode | ClientError>> {
    const unknown = [...new Set(keys)].filter((key) => !this.#known.has(idOf(type, key)));
    if (unknown.length > 1) {
      const batch = this.#lookAll(type, unknown);
      for (const key of unknown)
        void this.#remember(
          idOf(type, key),
          batch.then((found) => (found.has(key) ? nodeOf(type, key, found.get(key)!) : this.#look(type, key))),
        );
    }
    const nodes = new Map<string, BrokerNode | ClientError>();
    for (const key of new Set(keys)) {
      const found = await this.find(type, key).catch((error: unknown) => {
        if (isClientError(error) && wireCode(error.code) !== undefined) return error;
        throw error;
      });
      nodes.set(key, found);
    }
    return nodes;
  }

  forget(type: CoordinatorType, key: string): void {
    this.#known.delete(idOf(type, key));
  }

  #remember(id: string, node: Promise<BrokerNode>): Promise<BrokerNode> {
    this.#known.set(id, node);
    node.catch(() => {
      if (this.#known.get(id) === node) this.#known.delete(id);
    });
    return node;
  }

  async #look(type: CoordinatorType, key: string): Promise<BrokerNode> {
    const keyType = keyTypes[type];
    // Until version 3 there is one key, since version 4 a list.
    const answer = await this.#ask((version) => (version < 4 ? { key, keyType } : { keyType, coordinatorKeys: [key] }));
    return nodeOf(type, key, answer.coordinators[0] ?? answer);
  }

  /** Without those that the broker could not be asked for together with the first. */
  async #lookAll(type: CoordinatorType, keys: readonly string[]): Promise<Map<string, Found>> {
    const keyType = keyTypes[type];
    const first = keys[0]!;
    const answer = await this.#ask((version) =>
      version < 4 ? { key: first, keyType } : { keyType, coordinatorKeys: keys },
    );
    const found = answer.coordinators.length > 0 ? answer.coordinators : [{ ...answer, key: first }];
    return new Map(found.map((coordinator) => [coordinator.key, coordinator]));
  }
}

const idOf = (type: CoordinatorType, key: string): string => `${type}:${key}`;

type Found = Pick<ExactResponse<'findCoordinator'>, 'errorCode' | 'errorMessage' | 'nodeId' | 'host' | 'port'>;

function nodeOf(type: CoordinatorType, key: string, answer: Found): BrokerNode {
  const { errorCode, errorMessage, nodeId: id, host, port } = answer;
  if (errorCode !== errors.NONE)
    throw answerError(errorCode, `Looking up the coordinator of ${nouns[type]} "${key}"`, errorMessage);
  return { id, host, port, rack: null };
}
