/** The tables of all clients, for the reference page and for the comparison with Java's. */
import { adminKeys } from '../admin/admin-keys.ts';
import { consumerKeys } from '../consumer/consumer-keys.ts';
import { producerKeys } from '../producer/producer-keys.ts';
import { shareKeys } from '../share/share-keys.ts';
import { clientKeys } from './client-keys.ts';
import { leftOutOptions } from './left-out.ts';

export const clientOptions = {
  every: clientKeys,
  producer: producerKeys,
  consumer: consumerKeys,
  share: shareKeys,
  admin: adminKeys,
  leftOut: leftOutOptions,
} as const;
