/** Names of Strimzi's metrics reporter, which runs without JMX: PerSec stays, groups of Kafka's newer metrics keep their underscores. */
import type { Names } from '../measure.ts';
import { nodeMeasures as node } from '../measures/node.ts';
import { partitionMeasures as partitions } from '../measures/partitions.ts';
import { raftMeasures as raft } from '../measures/raft.ts';
import { requestMeasures as requests } from '../measures/requests.ts';
import { topicMeasures as topics } from '../measures/topics.ts';

export const strimziReporter: Names = {
  kafka_server_brokertopicmetrics_messagesinpersec_total: topics.messagesIn,
  kafka_server_brokertopicmetrics_bytesinpersec_total: topics.bytesIn,
  kafka_server_brokertopicmetrics_bytesoutpersec_total: topics.bytesOut,
  kafka_server_brokertopicmetrics_totalproducerequestspersec_total: topics.produceRequests,
  kafka_server_brokertopicmetrics_totalfetchrequestspersec_total: topics.fetchRequests,
  kafka_server_brokertopicmetrics_failedproducerequestspersec_total: topics.failedProduceRequests,
  kafka_server_brokertopicmetrics_failedfetchrequestspersec_total: topics.failedFetchRequests,
  kafka_server_replicamanager_partitioncount: node.partitionCount,
  kafka_server_replicamanager_leadercount: node.leaderCount,
  kafka_server_replicamanager_underreplicatedpartitions: node.underReplicatedCount,
  kafka_server_replicamanager_underminisrpartitioncount: node.underMinInSyncCount,
  kafka_server_replicamanager_offlinereplicacount: node.offlineReplicaCount,
  kafka_server_replicamanager_isrshrinkspersec_total: node.inSyncShrinks,
  kafka_server_replicamanager_isrexpandspersec_total: node.inSyncExpands,
  kafka_server_kafkaserver_brokerstate: node.brokerState,
  kafka_server_kafkaserver_linux_disk_read_bytes: node.diskReadBytes,
  kafka_server_kafkaserver_linux_disk_write_bytes: node.diskWriteBytes,
  kafka_server_kafkarequesthandlerpool_requesthandleravgidlepercent_total: node.loopIdleNs,
  kafka_server_socket_server_metrics_connection_count: node.connectionCount,
  kafka_server_raft_metrics_current_state_info: raft.state,
  kafka_server_raft_metrics_current_leader: raft.leader,
  kafka_server_raft_metrics_current_epoch: raft.epoch,
  kafka_server_raft_metrics_current_vote: raft.vote,
  kafka_server_raft_metrics_high_watermark: raft.highWatermark,
  kafka_server_raft_metrics_log_end_offset: raft.endOffset,
  kafka_server_raft_metrics_commit_latency_avg: raft.commitLatency,
  kafka_server_raft_metrics_append_records_rate: raft.appendRate,
  kafka_server_raft_metrics_fetch_records_rate: raft.fetchRate,
  kafka_cluster_partition_underminisr: partitions.underMinInSync,
  kafka_cluster_partition_atminisr: partitions.atMinInSync,
  kafka_controller_kafkacontroller_activecontrollercount: node.activeControllerCount,
  kafka_controller_kafkacontroller_activebrokercount: node.activeBrokerCount,
  kafka_controller_kafkacontroller_fencedbrokercount: node.fencedBrokerCount,
  kafka_controller_kafkacontroller_offlinepartitionscount: node.offlinePartitionCount,
  kafka_controller_kafkacontroller_globaltopiccount: node.topicCount,
  kafka_controller_kafkacontroller_globalpartitioncount: node.allPartitionCount,
  kafka_controller_controllerstats_uncleanleaderelectionspersec_total: node.uncleanLeaderElections,
  kafka_log_log_size: partitions.size,
  kafka_log_log_logstartoffset: partitions.startOffset,
  kafka_log_log_logendoffset: partitions.endOffset,
  kafka_log_logmanager_offlinelogdirectorycount: node.offlineDirectoryCount,
  kafka_network_socketserver_networkprocessoravgidlepercent: node.loopIdle,
  kafka_network_requestmetrics_requestspersec_total: requests.count,
  kafka_network_requestmetrics_totaltimems: requests.time,
};
