import type { Cluster } from '../cluster/cluster.ts';
import { Call, type CallOptions, checkAnswer, passes } from './call.ts';

/** After a time-out the controller is asked again, as in Java: it may only have been slow. */
export function unregisterBroker(cluster: Cluster, brokerId: number, options: CallOptions): Promise<void> {
  const what = `Unregistering broker ${brokerId}`;
  return Call.run(cluster, what, options, (call) =>
    call.retry(
      async () => {
        const { errorCode, errorMessage } = await call.request('controller', 'unregisterBroker', { brokerId });
        checkAnswer(errorCode, what, errorMessage);
      },
      (error) => passes(error) || error.code === 'REQUEST_TIMED_OUT',
    ),
  );
}
