/**
 * DescribeCluster (60), versions 0 to 2. In: which kind of endpoint is meant. Out: the brokers, as seen from the client's listener; on the
 * controller's listener the controllers.
 */
import { apis, errors, type DescribeClusterRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import { clusterOperations, operationsNotAsked } from '../authorized-operations.ts';
import type { Doors } from '../doors.ts';
import type { Exchange } from '../exchange.ts';

const brokers = 1;
const controllers = 2;
const kinds: ReadonlyMap<number, string> = new Map([
  [brokers, 'BROKER'],
  [controllers, 'CONTROLLER'],
]);

export function describeCluster(
  doors: Doors,
  request: DescribeClusterRequest,
  exchange: Exchange,
): Answer<typeof apis.describeCluster> {
  const isController = doors.endpoints('controller').some(({ name }) => name === exchange.listenerName);
  const here = isController ? controllers : brokers;
  const { endpointType } = request;
  if (endpointType !== here) {
    return {
      throttleTimeMs: 0,
      errorCode: kinds.has(endpointType) ? errors.MISMATCHED_ENDPOINT_TYPE : errors.UNSUPPORTED_ENDPOINT_TYPE,
      errorMessage: `The request was sent to an endpoint of type ${kinds.get(here)}, but we wanted an endpoint of type ${kinds.get(endpointType) ?? 'UNKNOWN'}`,
      clusterId: '',
      brokers: [],
    };
  }
  const { host, port } = doors.advertised(exchange.listenerName);
  return {
    throttleTimeMs: 0,
    errorCode: errors.NONE,
    endpointType: here,
    clusterId: doors.clusterId,
    controllerId: doors.nodeId,
    brokers: [{ brokerId: doors.nodeId, host, port, rack: isController ? null : doors.rack, isFenced: false }],
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? clusterOperations : operationsNotAsked,
  };
}
