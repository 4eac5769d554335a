/** The keys of transactions as their coordinator reads them. In: the broker's values as they are now. */
import type { Values } from '@millrace/base';

import type { brokerKeys } from './config/broker-keys.ts';
import type { TransactionSettings } from './transaction/transaction-coordinator.ts';

type BrokerValues = Values<typeof brokerKeys>;

export function transactionSettings(values: () => BrokerValues): TransactionSettings {
  return {
    get timeoutMsMax() {
      return values()['transaction.max.timeout.ms'];
    },
    get expirationMs() {
      return values()['transactional.id.expiration.ms'];
    },
    get timeoutCheckMs() {
      return values()['transaction.abort.timed.out.transaction.cleanup.interval.ms'];
    },
    get expiryCheckMs() {
      return values()['transaction.remove.expired.transaction.cleanup.interval.ms'];
    },
    get isVerified() {
      return values()['transaction.partition.verification.enable'];
    },
    get endWaitMsMax() {
      return values()['add.partitions.to.txn.retry.backoff.max.ms'];
    },
  };
}

/** Of `__transaction_state`. Records there are many and small, and read at every start: a codec would only cost. */
export function transactionsTopicSettings(values: BrokerValues): ReadonlyMap<string, string> {
  return new Map([
    ['cleanup.policy', 'compact'],
    ['compression.type', 'uncompressed'],
    ['min.insync.replicas', String(values['transaction.state.log.min.isr'])],
    ['segment.bytes', String(values['transaction.state.log.segment.bytes'])],
    ['unclean.leader.election.enable', 'false'],
  ]);
}
