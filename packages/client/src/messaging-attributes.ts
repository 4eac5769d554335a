/** Attributes of OpenTelemetry's messaging conventions, for all that is told on a `diagnostics_channel`. */
import type { TopicPartition } from './record.ts';

export type MessagingAttributes = Readonly<Record<string, string | number>>;

export interface MessagingOperation extends TopicPartition {
  readonly type: 'send' | 'receive' | 'process' | 'settle';
  /** Kafka's word for it. */
  readonly name: string;
  /** How many records. */
  readonly count: number;
  readonly clientId: string;
  readonly groupId?: string | undefined;
  /** `host:port`. */
  readonly broker?: string | undefined;
  readonly errorType?: string | undefined;
}

export function messagingAttributes(operation: MessagingOperation): MessagingAttributes {
  const { type, name, topic, partition, count, clientId, groupId, broker = '', errorType } = operation;
  const portAt = broker.lastIndexOf(':');
  return {
    'messaging.system': 'kafka',
    'messaging.operation.name': name,
    'messaging.operation.type': type,
    'messaging.destination.name': topic,
    'messaging.destination.partition.id': `${partition}`,
    'messaging.batch.message_count': count,
    ...(clientId !== '' && { 'messaging.client.id': clientId }),
    ...(groupId !== undefined && { 'messaging.consumer.group.name': groupId }),
    ...(portAt > 0 && { 'server.address': broker.slice(0, portAt), 'server.port': Number(broker.slice(portAt + 1)) }),
    ...(errorType !== undefined && { 'error.type': errorType }),
  };
}
