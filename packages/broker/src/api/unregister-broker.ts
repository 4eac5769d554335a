/**
 * UnregisterBroker (64), version 0. In: a broker that will not come back. Out: that it is not known, or that it is this one: unlike Kafka,
 * which then serves no topic until it is started again, the only broker there is does not let go of itself.
 */
import { apis, errors, type UnregisterBrokerRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';

export function unregisterBroker(
  { nodeId }: Doors,
  { brokerId }: UnregisterBrokerRequest,
): Answer<typeof apis.unregisterBroker> {
  if (brokerId !== nodeId) {
    return {
      throttleTimeMs: 0,
      errorCode: errors.BROKER_ID_NOT_REGISTERED,
      errorMessage: `Broker ID ${brokerId} is not currently registered`,
    };
  }
  return {
    throttleTimeMs: 0,
    errorCode: errors.INVALID_REQUEST,
    errorMessage: `Broker ${brokerId} is the only one of the cluster and it is running: stop it instead.`,
  };
}
