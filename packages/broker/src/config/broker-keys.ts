/**
 * Every public key of Apache Kafka's broker, 4.3.1, and our own few. A key that is accepted without effect is marked `inert`.
 * In few files, because each costs a millisecond of the start.
 */
import { coordinatorKeys } from './coordinator-keys.ts';
import { logKeys } from './log-keys.ts';
import { ownKeys } from './own-keys.ts';
import { replicationKeys } from './replication-keys.ts';
import { securityKeys } from './security-keys.ts';
import { serverKeys } from './server-keys.ts';

export const brokerKeys = {
  ...serverKeys,
  ...logKeys,
  ...coordinatorKeys,
  ...replicationKeys,
  ...securityKeys,
  ...ownKeys,
};
