/** What the hot messages cost: `node packages/protocol/src/codec.bench.ts`. Prints microseconds, best of many rounds. */
import { apis } from './apis.ts';
import { decodeRequest, decodeRequestHeader, decodeResponse, encodeRequest, encodeResponse } from './frame.ts';
import type { Api, RequestInputOf, ResponseInputOf } from './schema.ts';

const topicNames = ['orders.eu-west', 'payments.settled'];
const topicIds = ['6RMusntXw8M6nURTYJmFjQ', 'HsH2EEvUZiHaaMQIjQPjgQ'];
const indexes = (count: number) => Array.from({ length: count }, (_, index) => index);
const batch = Buffer.alloc(4_000, 1);

const fetchRequest: RequestInputOf<typeof apis.fetch> = {
  maxWaitMs: 500,
  minBytes: 1,
  sessionId: 0,
  sessionEpoch: 0,
  topics: topicNames.map((topic, index) => ({
    topic,
    topicId: topicIds[index],
    partitions: indexes(10).map((partition) => ({
      partition,
      fetchOffset: 5_000_000_000 + partition,
      partitionMaxBytes: 1 << 20,
    })),
  })),
};

const fetchResponse: ResponseInputOf<typeof apis.fetch> = {
  throttleTimeMs: 0,
  responses: topicNames.map((topic, index) => ({
    topic,
    topicId: topicIds[index],
    partitions: indexes(10).map((partitionIndex) => ({
      partitionIndex,
      errorCode: 0,
      highWatermark: 5_000_000_100,
      lastStableOffset: 5_000_000_100,
      logStartOffset: 0,
      abortedTransactions: null,
      records: [batch, batch],
    })),
  })),
};

const produceRequest = (count: number): RequestInputOf<typeof apis.produce> => ({
  transactionalId: null,
  acks: -1,
  timeoutMs: 30_000,
  topicData: [
    {
      name: topicNames[0],
      topicId: topicIds[0],
      partitionData: indexes(count).map((index) => ({ index, records: batch })),
    },
  ],
});

const produceResponse = (count: number): ResponseInputOf<typeof apis.produce> => ({
  responses: [
    {
      name: topicNames[0],
      topicId: topicIds[0],
      partitionResponses: indexes(count).map((index) => ({ index, errorCode: 0, baseOffset: 5_000_000_000 })),
    },
  ],
});

const metadataResponse: ResponseInputOf<typeof apis.metadata> = {
  brokers: indexes(3).map((nodeId) => ({ nodeId, host: 'broker.example.org', port: 9092 })),
  controllerId: 0,
  topics: indexes(100).map((index) => ({
    errorCode: 0,
    name: `topic-${index}`,
    topicId: topicIds[0],
    partitions: indexes(6).map((partitionIndex) => ({
      errorCode: 0,
      partitionIndex,
      leaderId: 1,
      leaderEpoch: 7,
      replicaNodes: [0, 1, 2],
      isrNodes: [0, 1, 2],
    })),
  })),
};

requestCase('Fetch 12 request, 20 partitions', apis.fetch, 12, fetchRequest);
requestCase('Fetch 17 request, 20 partitions', apis.fetch, 17, fetchRequest);
responseCase('Fetch 12 response, 20 partitions', apis.fetch, 12, fetchResponse);
responseCase('Fetch 17 response, 20 partitions', apis.fetch, 17, fetchResponse);
requestCase('Produce 9 request, 1 partition', apis.produce, 9, produceRequest(1));
requestCase('Produce 9 request, 20 partitions', apis.produce, 9, produceRequest(20));
requestCase('Produce 13 request, 1 partition', apis.produce, 13, produceRequest(1));
responseCase('Produce 9 response, 1 partition', apis.produce, 9, produceResponse(1));
responseCase('Produce 9 response, 20 partitions', apis.produce, 9, produceResponse(20));
responseCase('Metadata 12 response, 600 partitions', apis.metadata, 12, metadataResponse, 2_000);

function requestCase<A extends Api>(title: string, api: A, version: number, request: RequestInputOf<A>): void {
  const frame = Buffer.concat(encodeRequest(api, version, 1, 'bench', request)).subarray(4);
  report(title, 'decode', 20_000, () => decodeRequest(api, version, frame, decodeRequestHeader(frame).bodyAt));
  report(title, 'encode', 20_000, () => encodeRequest(api, version, 1, 'bench', request));
}

function responseCase<A extends Api>(
  title: string,
  api: A,
  version: number,
  response: ResponseInputOf<A>,
  runs = 20_000,
): void {
  const frame = Buffer.concat(encodeResponse(api, version, 1, response)).subarray(4);
  report(title, 'encode', runs, () => encodeResponse(api, version, 1, response));
  report(title, 'decode', runs, () => decodeResponse(api, version, frame));
}

function report(title: string, what: string, runs: number, run: () => unknown): void {
  let best = Infinity;
  let kept: unknown;
  for (let round = 0; round < 10; round++) {
    const from = process.hrtime.bigint();
    for (let index = 0; index < runs; index++) kept = run();
    best = Math.min(best, Number(process.hrtime.bigint() - from) / runs / 1000);
  }
  if (kept === undefined) throw new Error('nothing was done');
  console.log(`${title.padEnd(38)} ${what} ${best.toFixed(2).padStart(8)} µs`);
}
