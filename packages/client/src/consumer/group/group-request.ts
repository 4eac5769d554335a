/** A request to the coordinator of a group. Whoever it was is forgotten when it cannot be reached, or says that it is not the one. */
import type { ApiName, ExactResponse } from '@millrace/protocol';

import type { RequestOptions } from '../../cluster/cluster.ts';
import type { Outgoing } from '../../cluster/connection.ts';
import { answerError, type ClientError, isClientError } from '../../error.ts';
import type { GroupCluster } from './member-options.ts';
import { isCoordinatorGone } from './verdict.ts';

/** One try. Throws `ClientError` when there is no answer. */
export async function askCoordinator<K extends ApiName>(
  cluster: GroupCluster,
  groupId: string,
  name: K,
  request: Outgoing<K>,
  options: RequestOptions = {},
): Promise<ExactResponse<K>> {
  try {
    return await cluster.request({ type: 'group', key: groupId }, name, request, options);
  } catch (error) {
    if (isClientError(error) && isCoordinatorGone(error)) cluster.coordinators.forget('group', groupId);
    throw error;
  }
}

/** What an answer's code means; `said` in place of the broker's words. */
export function refusal(
  cluster: GroupCluster,
  groupId: string,
  code: number,
  what: string,
  said?: string | null,
): ClientError {
  const error = answerError(code, what, said);
  if (isCoordinatorGone(error)) cluster.coordinators.forget('group', groupId);
  return error;
}
