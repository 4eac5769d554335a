/** Names that public dashboards and alerts ask for and that a node without replicas and a JVM does not have, each with the reason. */
export const leftOut: ReadonlyMap<string, string> = new Map([
  [
    'kafka_network_requestmetrics_{localtimems,remotetimems,requestqueuetimems,responsequeuetimems,responsesendtimems}',
    'one event loop has no queues between threads; `totaltimems` is served',
  ],
  ['kafka_server_raftchannelmetrics_*, kafka_server_raft_channel_metrics_*', 'a quorum of one has no channels'],
  [
    'kafka_server_brokermetadatametrics_*',
    'the controller is in the same process: metadata is applied when it is written',
  ],
  ['kafka_server_replicafetchermanager_*', 'a single replica follows nobody'],
  [
    'kafka_connect_worker_{connector_count,task_count,connector_running_task_count,connector_failed_task_count}',
    'Connect is another program',
  ],
  ['kafka_connect_connector_status, kafka_connect_connector_task_status', 'Connect is another program'],
  ['kminion_*', 'the fourth dialect is optional; the same facts are served under the names of kafka_exporter'],
  ['jvm_*', 'there is no JVM: `nodejs_*` tells of heap, garbage collection and the event loop'],
]);
