/** What a group's member makes of an error that its coordinator, or the way to it, has answered with. */
import { type ClientError, isClientError, wireCode } from '../../error.ts';

export type Verdict =
  /** The same again after a pause; the coordinator may have to be looked up anew. */
  | 'again'
  /** Join again at once; what is owned stays until then. */
  | 'rejoin'
  /** The generation is over for this member: what is owned is lost. */
  | 'lost-generation'
  /** The coordinator does not know the member: what is owned is lost, and so is its id. */
  | 'lost-member'
  /** Nothing more can come of the membership. */
  | 'end';

export function verdictOf({ code, retriable }: ClientError): Verdict {
  switch (code) {
    case 'REBALANCE_IN_PROGRESS':
      return 'rejoin';
    case 'ILLEGAL_GENERATION':
      return 'lost-generation';
    case 'UNKNOWN_MEMBER_ID':
    case 'FENCED_MEMBER_EPOCH':
      return 'lost-member';
    default:
      return retriable ? 'again' : 'end';
  }
}

/**
 * What somebody may put right while the member goes on asking: the user hears of it, and it is asked again after a pause. A member that
 * loses the right to its group while it is in it is at its end, as in Java's clients.
 */
export function isWaitedOut({ code }: ClientError, isMember: boolean): boolean {
  return code === 'TOPIC_AUTHORIZATION_FAILED' || (code === 'GROUP_AUTHORIZATION_FAILED' && !isMember);
}

/** Another broker has to be asked who coordinates the group. */
export function isCoordinatorGone({ code, retriable }: ClientError): boolean {
  if (code === 'COORDINATOR_LOAD_IN_PROGRESS') return false;
  return (
    retriable &&
    [
      'COORDINATOR_NOT_AVAILABLE',
      'NOT_COORDINATOR',
      'REQUEST_TIMED_OUT',
      'TIMEOUT',
      'DISCONNECTED',
      'UNREACHABLE',
    ].includes(code)
  );
}

/** Whether the coordinator itself has said it, or nobody can be asked any more; then there is nobody to say goodbye to. */
export function isRefusal(fault: unknown): boolean {
  return isClientError(fault) && (fault.code === 'CLOSED' || wireCode(fault.code) !== undefined);
}
