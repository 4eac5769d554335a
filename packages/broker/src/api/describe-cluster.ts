/** DescribeCluster (60), versions 0 to 2. In: which kind of endpoint is meant. Out: the brokers, as seen from the client's listener. */
import { apis, errors, type DescribeClusterRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import { clusterOperations, operationsNotAsked } from '../authorized-operations.ts';
import type { Doors } from '../doors.ts';
import type { Exchange } from '../exchange.ts';

const brokers = 1;
const controllers = 2;

export function describeCluster(
  doors: Doors,
  request: DescribeClusterRequest,
  exchange: Exchange,
): Answer<typeof apis.describeCluster> {
  if (request.endpointType !== brokers) {
    return {
      throttleTimeMs: 0,
      errorCode:
        request.endpointType === controllers ? errors.MISMATCHED_ENDPOINT_TYPE : errors.UNSUPPORTED_ENDPOINT_TYPE,
      errorMessage: `The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type ${request.endpointType === controllers ? 'CONTROLLER' : 'UNKNOWN'}`,
      clusterId: '',
      brokers: [],
    };
  }
  const { host, port } = doors.advertised(exchange.listenerName);
  return {
    throttleTimeMs: 0,
    errorCode: errors.NONE,
    endpointType: brokers,
    clusterId: doors.clusterId,
    controllerId: doors.nodeId,
    brokers: [{ brokerId: doors.nodeId, host, port, rack: doors.rack, isFenced: false }],
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? clusterOperations : operationsNotAsked,
  };
}
