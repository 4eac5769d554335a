/**
 * Ends of transactions in the partitions they wrote to. In: the coordinator's word, or an administrator's. Out: a control batch; in a
 * partition of committed offsets these count from then on, or never.
 */
import type { Host } from '@millrace/base';
import { encodeEndMarker, errors, isKafkaError } from '@millrace/protocol';

import type { AppendRound } from '../append-round.ts';
import { offsetsTopic, type Coordinator } from '../coordinator/coordinator.ts';
import type { Waiter } from '../coordinator/waiter.ts';
import type { MetadataImage } from '../metadata/image.ts';
import type { Partitions } from '../partitions.ts';
import type { Marker, MarkerDoor } from './ending.ts';
import type { PartitionName } from './transaction.ts';

export interface MarkersOptions {
  readonly host: Pick<Host, 'clock'>;
  readonly image: MetadataImage;
  readonly partitions: Partitions;
  readonly round: AppendRound;
  readonly coordinator: Coordinator;
}

export class Markers implements MarkerDoor {
  readonly #options: MarkersOptions;

  constructor(options: MarkersOptions) {
    this.#options = options;
  }

  write({ topic, partition: index }: PartitionName, marker: Marker, waiter: Waiter<void>): void {
    const { host, image, partitions, round, coordinator } = this.#options;
    // Nobody has such an id; Kafka has no word for it either.
    if (marker.producerId < 0 || marker.producerEpoch < 0) {
      waiter.fail(errors.UNKNOWN_SERVER_ERROR);
      return;
    }
    if (image.topic(topic)?.partitions[index] === undefined) {
      waiter.fail(errors.UNKNOWN_TOPIC_OR_PARTITION);
      return;
    }
    const batch = encodeEndMarker({ ...marker, timestamp: host.clock.now() });
    if (topic === offsetsTopic) {
      coordinator.endTransaction(index, batch, marker, waiter);
      return;
    }
    const partition = partitions.byName(topic, index);
    if (partition === undefined) {
      waiter.fail(errors.KAFKA_STORAGE_ERROR);
      return;
    }
    const entry = { errorCode: errors.NONE as number, baseOffset: -1 };
    try {
      entry.baseOffset = partition.appendMarker(batch, marker.transactionVersion).baseOffset;
    } catch (error) {
      if (!isKafkaError(error)) throw error;
      waiter.fail(error.code);
      return;
    }
    partition.unwritten.push(entry);
    round.add(partition);
    round.afterSync({
      durable: (failed) => {
        const errorCode = failed ? errors.KAFKA_STORAGE_ERROR : entry.errorCode;
        if (errorCode === errors.NONE) waiter.answer();
        else waiter.fail(errorCode);
      },
    });
    round.writeSoon();
  }
}
