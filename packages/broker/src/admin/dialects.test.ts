/** Every name that public dashboards and alerts use is served, or stands on the list of what is left out. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { dialects, namesOf } from './dialects.ts';
import { leftOut } from './dialects/left-out.ts';
import type { Names } from './measure.ts';

/** `a_{b,c}` stands for `a_b` and `a_c`. */
function spread(text: string): string[] {
  const braces = /^(.*)\{(.*)\}(.*)$/.exec(text);
  if (braces === null) return [text];
  return (braces[2] ?? '').split(',').map((middle) => `${braces[1]}${middle}${braces[3]}`);
}

const topicCounters =
  'messagesin,bytesin,bytesout,totalproducerequests,totalfetchrequests,failedproducerequests,failedfetchrequests';
const raft =
  'current_leader,current_epoch,current_vote,high_watermark,log_end_offset,commit_latency_avg,append_records_rate,fetch_records_rate';

/** From the dashboards and alert rules of each dialect. */
const asked: ReadonlyMap<string, readonly string[]> = new Map([
  [
    'jmx-exporter',
    [
      `kafka_server_brokertopicmetrics_{${topicCounters}}_total`,
      'kafka_server_replicamanager_{underreplicatedpartitions,underminisrpartitioncount,partitioncount,leadercount}',
      'kafka_cluster_partition_{underminisr,atminisr}',
      'kafka_controller_kafkacontroller_{activecontrollercount,offlinepartitionscount}',
      'kafka_controller_controllerstats_uncleanleaderelections_total',
      'kafka_log_log_size',
      'kafka_log_logmanager_offlinelogdirectorycount',
      'kafka_network_socketserver_networkprocessoravgidle_percent',
      'kafka_server_kafkarequesthandlerpool_requesthandleravgidle_percent',
      'kafka_server_socket_server_metrics_connection_count',
      'kafka_server_kafkaserver_linux_disk_{read,write}_bytes',
      `kafka_server_raftmetrics_{current_state,${raft}}`,
      'kafka_network_requestmetrics_{requests_total,totaltimems}',
      'kafka_network_requestmetrics_{localtimems,remotetimems,requestqueuetimems,responsequeuetimems,responsesendtimems}',
      'kafka_connect_worker_{connector_count,task_count,connector_running_task_count,connector_failed_task_count}',
      'kafka_connect_connector_status',
      'kafka_connect_connector_task_status',
    ].flatMap(spread),
  ],
  [
    'strimzi-reporter',
    [
      `kafka_server_brokertopicmetrics_{${topicCounters}}persec_total`,
      'kafka_server_replicamanager_{underreplicatedpartitions,underminisrpartitioncount,partitioncount,leadercount}',
      'kafka_cluster_partition_{underminisr,atminisr}',
      'kafka_controller_kafkacontroller_{activecontrollercount,offlinepartitionscount}',
      'kafka_controller_controllerstats_uncleanleaderelectionspersec_total',
      'kafka_log_log_size',
      'kafka_log_logmanager_offlinelogdirectorycount',
      'kafka_network_socketserver_networkprocessoravgidlepercent',
      'kafka_server_kafkarequesthandlerpool_requesthandleravgidlepercent_total',
      'kafka_server_socket_server_metrics_connection_count',
      'kafka_server_kafkaserver_linux_disk_{read,write}_bytes',
      `kafka_server_raft_metrics_{current_state_info,${raft}}`,
      'kafka_network_requestmetrics_{requestspersec_total,totaltimems}',
    ].flatMap(spread),
  ],
  [
    'kafka-exporter',
    [
      'kafka_brokers',
      'kafka_broker_info',
      'kafka_topic_partitions',
      'kafka_topic_partition_{current_offset,oldest_offset,in_sync_replica,leader,leader_is_preferred,replicas,under_replicated_partition}',
      'kafka_consumergroup_{current_offset,current_offset_sum,lag,lag_sum,members}',
    ].flatMap(spread),
  ],
]);

const reasoned = new Set([...leftOut.keys()].flatMap((text) => text.split(', ')).flatMap(spread));

suite('the names of metrics', () => {
  for (const [dialect, names] of asked) {
    test(`of ${dialect} are all served, or left out for a reason`, () => {
      const served = dialects.get(dialect) as Names;
      const missing = names.filter((name) => !Object.hasOwn(served, name) && !reasoned.has(name));
      assert.deepEqual(missing, []);
    });
  }

  test('are not left out and served at once', () => {
    const served = new Set([...dialects.values()].flatMap((names) => Object.keys(names)));
    assert.deepEqual(
      [...reasoned].filter((name) => served.has(name)),
      [],
    );
  });

  test('mean the same in every dialect that has them', () => {
    const known = new Map<string, unknown>();
    for (const names of namesOf([...dialects.keys()])) {
      for (const [name, measure] of Object.entries(names)) {
        assert.equal(known.get(name) ?? measure, measure, name);
        known.set(name, measure);
      }
    }
  });

  test('are legal, and counters end as Prometheus wants', () => {
    for (const names of namesOf([...dialects.keys()])) {
      for (const [name, { type, labels }] of Object.entries(names)) {
        assert.match(name, /^[a-z][a-z0-9_]*$/);
        assert.equal(type === 'counter', name.endsWith('_total'), name);
        for (const label of labels) assert.match(label, /^[a-zA-Z][a-zA-Z0-9_]*$/);
      }
    }
  });

  test('are those of the chosen dialects only, and always our own', () => {
    const chosen = namesOf(['kafka-exporter']).flatMap((names) => Object.keys(names));
    assert.ok(chosen.includes('kafka_brokers') && chosen.includes('millrace_fetch_sessions'));
    assert.ok(!chosen.includes('kafka_log_log_size'));
  });
});
