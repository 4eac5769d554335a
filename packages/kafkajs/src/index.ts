/**
 * Everything that `kafkajs` exports, under the same names, by `import` and by `require`. The default export is what `import kafkajs from`
 * gives of a CommonJS package: all of it as one object.
 */
import { AssignerProtocol } from './assigner-protocol.ts';
import { PartitionAssigners } from './assigners.ts';
import { CompressionCodecs } from './codecs.ts';
import * as enums from './enums.ts';
import * as errors from './errors.ts';
import { Kafka } from './kafka.ts';
import { Partitioners } from './partitioners.ts';

export { AssignerProtocol } from './assigner-protocol.ts';
export { PartitionAssigners } from './assigners.ts';
export { CompressionCodecs } from './codecs.ts';
export * from './enums.ts';
export * from './errors.ts';
export { Kafka } from './kafka.ts';
export { Partitioners } from './partitioners.ts';
export type { InstrumentationEvent, RemoveInstrumentationEventListener } from './events.ts';
export type { LogEntry, Logger, LoggerEntryContent, logCreator } from './logger.ts';
export type { RetryOptions } from './retry.ts';
export type * from './types/admin.ts';
export type * from './types/cluster.ts';
export type * from './types/consumer.ts';
export type * from './types/events.ts';
export type * from './types/kafka.ts';
export type * from './types/producer.ts';

const kafkajs = { Kafka, AssignerProtocol, CompressionCodecs, PartitionAssigners, Partitioners, ...enums, ...errors };
// oxlint-disable-next-line import/no-default-export -- `import kafkajs from 'kafkajs'` is how many programs begin
export default kafkajs;
