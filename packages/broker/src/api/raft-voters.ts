/**
 * AddRaftVoter (80), versions 0 and 1, and RemoveRaftVoter (81), version 0. In: a controller that is to join the quorum or to leave it.
 * Out: that the quorum is fixed, as a Kafka cluster says whose voters stand in its configuration; before that, what is wrong with the request.
 */
import { apis, errors, zeroUuid, type AddRaftVoterRequest, type RemoveRaftVoterRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { Doors } from '../doors.ts';

const usualListener = 'CONTROLLER';

export function addRaftVoter(doors: Doors, request: AddRaftVoterRequest): Answer<typeof apis.addRaftVoter> {
  const fault = clusterFault(doors, request);
  if (fault !== undefined) return fault;
  if (!isVoter(request)) return refuse(errors.INVALID_REQUEST, "Add voter request didn't include a valid voter");
  const listener = doors.endpoints('controller')[0]?.name ?? usualListener;
  if (!request.listeners.some(({ name }) => name === listener)) {
    const given = request.listeners.map(({ name, host, port }) => `ListenerName(${name})=${host}/<unresolved>:${port}`);
    return refuse(
      errors.INVALID_REQUEST,
      `Add voter request didn't include the endpoint (Endpoints(endpoints={${given.join(', ')}})) for the default listener ListenerName(${listener})`,
    );
  }
  return fixed('adding');
}

export function removeRaftVoter(doors: Doors, request: RemoveRaftVoterRequest): Answer<typeof apis.removeRaftVoter> {
  const fault = clusterFault(doors, request);
  if (fault !== undefined) return fault;
  if (!isVoter(request)) return refuse(errors.INVALID_REQUEST, "Remove voter request didn't include a valid voter");
  return fixed('removing');
}

type Refusal = ReturnType<typeof refuse>;

function clusterFault(doors: Doors, { clusterId }: { readonly clusterId: string | null }): Refusal | undefined {
  if (clusterId === null || clusterId === doors.clusterId) return undefined;
  return refuse(
    errors.INCONSISTENT_CLUSTER_ID,
    `The given id "${clusterId}" doesn't match the cluster id "${doors.clusterId}"`,
  );
}

function isVoter({ voterId, voterDirectoryId }: { voterId: number; voterDirectoryId: string }): boolean {
  return voterId >= 0 && voterDirectoryId !== zeroUuid;
}

function fixed(what: 'adding' | 'removing'): Refusal {
  const errorMessage = `Cluster doesn't support ${what} voter because the kraft.version feature is 0`;
  return refuse(errors.UNSUPPORTED_VERSION, errorMessage);
}

function refuse(errorCode: number, errorMessage: string) {
  return { throttleTimeMs: 0, errorCode, errorMessage };
}
