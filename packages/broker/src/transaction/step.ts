/** What a request leads to: the next state of a transactional id, an answer that changes nothing, or the wish for a producer id. */
import type { Transaction } from './transaction.ts';

export type Step =
  | { readonly next: Transaction }
  /** NONE: it is so already. */
  | { readonly errorCode: number }
  /** Epochs are used up: the same question again, with an id that nobody had. */
  | { readonly needs: 'producerId' };
