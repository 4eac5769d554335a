// The cluster as a whole: kafka-broker-api-versions, kafka-cluster, kafka-features, kafka-metadata-quorum.

import type { ToolSteps } from './tool-steps.ts';

export async function cluster(tools: ToolSteps): Promise<void> {
  await tools.step('broker-api-versions', 'kafka-broker-api-versions', []);
  await tools.local('cluster: id', 'kafka-cluster', ['cluster-id', '--bootstrap-server', tools.target.bootstrap], {
    mask: (text) => text.replaceAll(/: [\w-]{22}$/gm, ': ID'),
  });
  await tools.local('cluster: endpoints', 'kafka-cluster', [
    'list-endpoints',
    '--bootstrap-server',
    tools.target.bootstrap,
  ]);
  await tools.step('features', 'kafka-features', ['describe'], {
    mask: (text) => text.replaceAll(/Epoch: \d+/g, 'Epoch: N'),
  });
  await tools.step('quorum: status', 'kafka-metadata-quorum', ['describe', '--status'], { mask: maskQuorum });
  await tools.step('quorum: replication', 'kafka-metadata-quorum', ['describe', '--replication'], { mask: maskQuorum });
}

function maskQuorum(text: string): string {
  return text
    .replaceAll(
      /^(ClusterId|LeaderEpoch|HighWatermark|MaxFollowerLagTimeMs): .*$/gm,
      (_, key: string) => `${key}: MASKED`,
    )
    .replaceAll(/^(\d+)\s+[\w-]{22}\s+\d+\s+\d+\s+\d+\s+\d+\s+/gm, '$1 ID END LAG TIME TIME ')
    .replaceAll(/^NodeId\s.*$/gm, (line) => line.replaceAll(/\s+/g, ' '))
    .replaceAll(/"directoryId": "[\w-]{22}"/g, '"directoryId": "ID"');
}
