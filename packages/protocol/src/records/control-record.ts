import { encodeBatch } from './encode-batch.ts';

/** What a control batch says: the end of a transaction. Kafka's raft log has more kinds; they keep their number here. */
export interface ControlRecord {
  readonly kind: 'abort' | 'commit' | number;
  readonly coordinatorEpoch: number;
}

export interface EndMarker {
  readonly kind: 'abort' | 'commit';
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly coordinatorEpoch: number;
  readonly timestamp: number;
}

const kinds = ['abort', 'commit'] as const;

/** The batch that the coordinator appends to every partition of a transaction that ends. */
export function encodeEndMarker(marker: EndMarker): Buffer {
  const key = Buffer.alloc(4);
  key.writeInt16BE(kinds.indexOf(marker.kind), 2);
  const value = Buffer.alloc(6);
  value.writeInt32BE(marker.coordinatorEpoch, 2);
  return encodeBatch([{ key, value, timestamp: marker.timestamp }], {
    producerId: marker.producerId,
    producerEpoch: marker.producerEpoch,
    isTransactional: true,
    isControl: true,
  });
}

/** Reads key and value of the only record of a control batch; `undefined` when they are too short to be one. */
export function decodeControlRecord(key: Buffer | null, value: Buffer | null): ControlRecord | undefined {
  if (key === null || key.length < 4) return undefined;
  const id = key.readInt16BE(2);
  const kind = kinds[id] ?? id;
  if (typeof kind === 'number') return { kind, coordinatorEpoch: -1 };
  return value === null || value.length < 6 ? undefined : { kind, coordinatorEpoch: value.readInt32BE(2) };
}
