// The frames on the hot path: requests decoded and answers encoded as the broker does it, by code compiled from the tables on first use.
// Run: `node bench/micro/codec.ts`.

import {
  apis,
  decodeRequest,
  decodeRequestHeader,
  encodeBatch,
  encodeRequest,
  encodeResponse,
  type RequestInput,
  type ResponseInput,
} from '@millrace/protocol';
import { measure } from './loop.ts';

const records = encodeBatch(Array.from({ length: 148 }, () => ({ value: Buffer.alloc(100, 'x') })));
const topic = 'orders';
const topicId = 'Zm9vYmFyYmF6cXV4cXV1eA';

for (const count of [1, 4, 100]) {
  const indexes = Array.from({ length: count }, (_, index) => index);
  const produceFrame = frameOf(encodeRequest(apis.produce, 12, 1, 'bench', produceRequest(indexes)));
  const fetchFrame = frameOf(encodeRequest(apis.fetch, 17, 1, 'bench', fetchRequest(indexes)));
  const produceAnswer = produceResponse(indexes);
  const fetchAnswer = fetchResponse(indexes);
  measure(`decode produce request, ${count} batches of 16 KiB`, () => {
    const { bodyAt } = decodeRequestHeader(produceFrame);
    return decodeRequest(apis.produce, 12, produceFrame, bodyAt);
  });
  measure(`encode produce response, ${count} partitions`, () => encodeResponse(apis.produce, 12, 1, produceAnswer));
  measure(`decode fetch request, ${count} partitions`, () => {
    const { bodyAt } = decodeRequestHeader(fetchFrame);
    return decodeRequest(apis.fetch, 17, fetchFrame, bodyAt);
  });
  measure(`encode fetch response, ${count} batches of 16 KiB`, () => encodeResponse(apis.fetch, 17, 1, fetchAnswer));
}
const topics = metadataResponse(100, 10);
const metadataBytes = frameOf(encodeResponse(apis.metadata, 12, 1, topics)).length;
measure(
  'encode metadata response, 100 topics of 10',
  () => encodeResponse(apis.metadata, 12, 1, topics),
  metadataBytes,
);

/** Behind the length, in one piece, as it lies in the receive buffer. */
function frameOf(chunks: Uint8Array[]): Buffer {
  return Buffer.concat(chunks).subarray(4);
}

function produceRequest(indexes: number[]): RequestInput<'produce'> {
  const partitionData = indexes.map((index) => ({ index, records }));
  return { acks: -1, timeoutMs: 30_000, topicData: [{ name: topic, partitionData }] };
}

function produceResponse(indexes: number[]): ResponseInput<'produce'> {
  const partitionResponses = indexes.map((index) => ({
    index,
    errorCode: 0,
    baseOffset: 1e9 + index,
    recordErrors: [],
  }));
  return { responses: [{ name: topic, partitionResponses }] };
}

function fetchRequest(indexes: number[]): RequestInput<'fetch'> {
  const partitions = indexes.map((partition) => ({ partition, fetchOffset: 1e9, partitionMaxBytes: 1 << 20 }));
  return { maxWaitMs: 500, minBytes: 1, topics: [{ topicId, partitions }], forgottenTopicsData: [] };
}

function fetchResponse(indexes: number[]): ResponseInput<'fetch'> {
  const partitions = indexes.map((partitionIndex) => ({
    partitionIndex,
    errorCode: 0,
    highWatermark: 1e9,
    abortedTransactions: null,
    records,
  }));
  return { throttleTimeMs: 0, responses: [{ topicId, partitions }] };
}

function metadataResponse(topicCount: number, partitionCount: number): ResponseInput<'metadata'> {
  const partitions = Array.from({ length: partitionCount }, (_, partitionIndex) => ({
    errorCode: 0,
    partitionIndex,
    leaderId: 1,
    replicaNodes: [1],
    isrNodes: [1],
    offlineReplicas: [],
  }));
  const named = Array.from({ length: topicCount }, (_, index) => ({
    errorCode: 0,
    name: `topic-${index}`,
    topicId,
    partitions,
  }));
  return { brokers: [{ nodeId: 1, host: '127.0.0.1', port: 9092 }], topics: named };
}
