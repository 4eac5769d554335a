/** What Apache Kafka does not have. */
import { int, list, string } from '@millrace/base';
import { hostAndPort } from './listener.ts';

export const ownKeys = {
  'log.durability': string(
    'sync',
    { importance: 'high', oneOf: ['sync', 'os'], own: true },
    'When acks=all is answered: after the records are synced to disk, or as in Kafka when the operating system has them.',
  ),
  'admin.listener': string(
    '127.0.0.1:9404',
    {
      own: true,
      check: (text) =>
        text === '' || hostAndPort(text) !== undefined ? undefined : 'it must be host:port, or empty for none',
    },
    'Where /metrics, /healthz and /readyz are served over HTTP: host:port, or empty for nowhere.',
  ),
  'metrics.dialects': list(
    'jmx-exporter,strimzi-reporter,kafka-exporter',
    { own: true, oneOf: ['jmx-exporter', 'strimzi-reporter', 'kafka-exporter'] },
    'Under whose names /metrics tells what it knows: those of the JMX exporter, of the metrics reporter of Strimzi, of kafka_exporter.',
  ),
  'cluster.id': string(
    null,
    { own: true },
    'The id of the cluster whose data directories these are; made up on the first start when not set.',
  ),
  /** Kafka has it, and keeps it to itself. */
  'group.consumer.regex.refresh.interval.ms': int(
    600_000,
    { min: 10_000, own: true },
    'How often the topics that match the patterns of a consumer group are looked for again.',
  ),
};
