/**
 * FindCoordinator (10), versions 0 to 6. In: a group, a transactional id, or (6) a partition of a share group; many keys since 4. Out: the broker
 * that keeps its state, which here is always this one. `__consumer_offsets` is made when the first group is looked for,
 * `__transaction_state` with the first transactional id.
 *
 * Left out: share groups, which are not available until they have their coordinator.
 */
import { assert } from '@millrace/base';
import { apis, errors, errorText, type FindCoordinatorRequest } from '@millrace/protocol';

import type { Answer } from '../api-table.ts';
import type { GroupDoors } from '../coordinator/group-doors.ts';
import type { Exchange } from '../exchange.ts';

type FindCoordinatorAnswer = Exclude<Awaited<Answer<typeof apis.findCoordinator>>, symbol>;

const keyTypes = { group: 0, transaction: 1, share: 2 } as const;
const manyKeysSince = 4;
const shareSince = 6;
/** group:topicId:partition */
const sharePartition = /^.+:[A-Za-z0-9_-]{22}:\d+$/s;
const nowhere = { nodeId: -1, host: '', port: -1 };

export async function findCoordinator(
  doors: GroupDoors,
  request: FindCoordinatorRequest,
  exchange: Pick<Exchange, 'apiVersion' | 'listenerName'>,
): Promise<FindCoordinatorAnswer> {
  const { key, keyType, coordinatorKeys } = request;
  const isMany = exchange.apiVersion >= manyKeysSince;
  const typeCode = await availability(doors, keyType, exchange.apiVersion);
  const { host, port } = doors.advertised(exchange.listenerName);
  const here = { nodeId: doors.nodeId, host, port };
  const coordinators = (isMany ? coordinatorKeys : [key]).map((key) => {
    const isMalformed = keyType === keyTypes.share && !sharePartition.test(key);
    const errorCode = isMalformed ? errors.INVALID_REQUEST : typeCode;
    return { key, ...(errorCode === errors.NONE ? here : nowhere), errorCode, errorMessage: '' };
  });
  if (isMany) return { coordinators };
  const [only] = coordinators;
  assert(only, 'versions before 4 ask for one key');
  const { nodeId, errorCode } = only;
  // Kafka's word for success in these versions is NONE.
  const errorMessage = errorCode === errors.NONE ? 'NONE' : errorText(errorCode);
  return { errorCode, errorMessage, nodeId, host: only.host, port: only.port };
}

async function availability(
  { coordinator, transactions }: GroupDoors,
  keyType: number,
  apiVersion: number,
): Promise<number> {
  switch (keyType) {
    case keyTypes.group:
      return (await coordinator.ensure()) ? errors.NONE : errors.COORDINATOR_NOT_AVAILABLE;
    case keyTypes.transaction:
      return (await transactions.ensure()) ? errors.NONE : errors.COORDINATOR_NOT_AVAILABLE;
    case keyTypes.share:
      return apiVersion >= shareSince ? errors.COORDINATOR_NOT_AVAILABLE : errors.INVALID_REQUEST;
    default:
      return errors.INVALID_REQUEST;
  }
}
