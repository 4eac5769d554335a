import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { apis } from './apis.ts';
import { apiWithExactOffsets } from './exact-offsets.ts';
import { decodeRequest, decodeRequestHeader, decodeResponse, encodeRequest, encodeResponse } from './frame.ts';

const huge = 2n ** 63n - 3n;
const frameOf = (chunks: readonly Uint8Array[]): Buffer => Buffer.concat(chunks).subarray(4);

suite('exact offsets', () => {
  test('an offset beyond 2^53 goes through an answer unharmed', () => {
    const listOffsets = apiWithExactOffsets('listOffsets');
    const partitions = [{ partitionIndex: 0, errorCode: 0, timestamp: -1, offset: huge, leaderEpoch: 0 }];
    const answer = { throttleTimeMs: 0, topics: [{ name: 't', partitions }] };
    const frame = frameOf(encodeResponse(listOffsets, 7, 1, answer as never));
    const { response } = decodeResponse(listOffsets, 7, frame);
    assert.equal(response.topics[0]?.partitions[0]?.offset, huge);
  });

  test('and through a request, where what is left out has its default', () => {
    const fetch = apiWithExactOffsets('fetch');
    const partitions = [{ partition: 0, fetchOffset: huge, partitionMaxBytes: 1 }];
    const topics = [{ topic: 't', partitions }];
    const frame = frameOf(encodeRequest(fetch, 12, 7, null, { maxWaitMs: 1, minBytes: 1, topics } as never));
    const { bodyAt } = decodeRequestHeader(frame);
    const request = decodeRequest(fetch, 12, frame, bodyAt);
    const [read] = request.topics[0]!.partitions;
    assert.equal(read?.fetchOffset, huge);
    assert.equal(read?.logStartOffset, -1n);
    assert.equal(decodeRequest(apis.fetch, 12, frame, bodyAt).topics[0]?.partitions[0]?.logStartOffset, -1);
  });

  test('the bytes are the same as without', () => {
    const request = { replicaId: -1, isolationLevel: 0, topics: [], timeoutMs: 9 };
    const exact = encodeRequest(apiWithExactOffsets('listOffsets'), 10, 1, 'c', request);
    assert.deepEqual(exact, encodeRequest(apis.listOffsets, 10, 1, 'c', request));
  });
});
