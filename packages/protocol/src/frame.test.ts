import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { apis } from './apis.ts';
import { DecodeError } from './codec-error.ts';
import { decode, encode } from './codec.ts';
import {
  decodeRequest,
  decodeRequestHeader,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  writeResponse,
} from './frame.ts';
import { requestHeader, requestHeaderVersion, responseHeader, responseHeaderVersion } from './headers.ts';
import { Writer } from './writer.ts';

const heartbeat = { groupId: 'g', generationId: 3, memberId: 'm' };

suite('requests', () => {
  test('header and body are what the header table and the message table say', () => {
    for (const version of [0, 4]) {
      const header = { requestApiKey: 12, requestApiVersion: version, correlationId: 77, clientId: 'me' };
      const headerBytes = encode(requestHeader, requestHeaderVersion(apis.heartbeat, version), header);
      const body = encode(apis.heartbeat.request, version, heartbeat);
      const frame = Buffer.concat(encodeRequest(apis.heartbeat, version, 77, 'me', heartbeat));
      assert.deepEqual(frame.subarray(4), Buffer.concat([headerBytes, body]));
      assert.equal(frame.readInt32BE(), frame.length - 4);

      const read = decodeRequestHeader(frame, 4);
      assert.deepEqual(read, {
        apiKey: 12,
        apiVersion: version,
        correlationId: 77,
        clientId: 'me',
        bodyAt: 4 + headerBytes.length,
      });
      assert.deepEqual(decodeRequest(apis.heartbeat, version, frame, read.bodyAt), {
        ...heartbeat,
        groupInstanceId: null,
      });
    }
  });

  test('tags in the header are skipped', () => {
    const header = encode(requestHeader, 2, {
      requestApiKey: 3,
      requestApiVersion: 12,
      correlationId: 1,
      clientId: null,
    });
    const tagged = Buffer.concat([header.subarray(0, -1), Buffer.from([1, 5, 2, 9, 9])]);
    assert.equal(decodeRequestHeader(tagged).bodyAt, tagged.length);
  });

  test('of an unknown API or version the header still gives what an answer needs', () => {
    const header = { requestApiKey: 18, requestApiVersion: 99, correlationId: 5, clientId: 'new client' };
    const bytes = encode(requestHeader, 2, header);
    assert.deepEqual(decodeRequestHeader(bytes), {
      apiKey: 18,
      apiVersion: 99,
      correlationId: 5,
      clientId: 'new client',
      bodyAt: -1,
    });
    const unknown = Buffer.from([0x7f, 0, 0, 0, 0, 0, 0, 6]);
    assert.deepEqual(decodeRequestHeader(unknown), {
      apiKey: 0x7f00,
      apiVersion: 0,
      correlationId: 6,
      clientId: null,
      bodyAt: -1,
    });
  });

  test('a header that ends too early is a DecodeError', () => {
    const bytes = encode(requestHeader, 2, {
      requestApiKey: 3,
      requestApiVersion: 12,
      correlationId: 1,
      clientId: 'client',
    });
    for (let length = 0; length < bytes.length; length++) {
      assert.throws(() => decodeRequestHeader(bytes.subarray(0, length)), {
        name: 'DecodeError',
        message: /^RequestHeader, byte /,
      });
    }
  });
});

suite('answers', () => {
  test('come back as they were given, with their correlation id', () => {
    for (const version of [0, 4]) {
      const frame = Buffer.concat(encodeResponse(apis.heartbeat, version, 77, { errorCode: 27 }));
      assert.equal(frame.readInt32BE(), frame.length - 4);
      assert.deepEqual(decodeResponse(apis.heartbeat, version, frame, 4), {
        correlationId: 77,
        response: { throttleTimeMs: 0, errorCode: 27 },
      });
      const header = decode(responseHeader, responseHeaderVersion(apis.heartbeat, version), frame, 4);
      assert.equal(header.correlationId, 77);
    }
  });

  test('ApiVersions always has the header of version 0', () => {
    const frame = Buffer.concat(encodeResponse(apis.apiVersions, 3, 1, { errorCode: 0, apiKeys: [] }));
    assert.deepEqual(frame, Buffer.from([0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0]));
  });

  test('the length of a frame counts the slices that are not in its chunks', () => {
    const records = Buffer.alloc(10_000, 1);
    const partition = { partitionIndex: 0, errorCode: 0, highWatermark: 1, abortedTransactions: null, records };
    const response = { throttleTimeMs: 0, responses: [{ topic: 't', partitions: [partition] }] };
    const writer = new Writer();
    writeResponse(writer, apis.heartbeat, 4, 1, { errorCode: 0 });
    writeResponse(writer, apis.fetch, 12, 2, response);
    writeResponse(writer, apis.heartbeat, 4, 3, { errorCode: 0 });
    const chunks = writer.take();
    assert.equal(chunks.length, 3);
    const bytes = Buffer.concat(chunks);
    const ids: number[] = [];
    for (let at = 0; at < bytes.length; at += 4 + bytes.readInt32BE(at)) ids.push(bytes.readInt32BE(at + 4));
    assert.deepEqual(ids, [1, 2, 3]);
  });

  test('a refused answer leaves nothing in the writer', () => {
    const writer = new Writer();
    writeResponse(writer, apis.heartbeat, 4, 1, { errorCode: 0 });
    const before = writer.length;
    assert.throws(
      () => writeResponse(writer, apis.heartbeat, 4, 2, { errorCode: 70_000 }),
      /HeartbeatResponse version 4, errorCode/,
    );
    assert.equal(writer.length, before);
  });

  test('an answer without its header is a DecodeError', () => {
    assert.throws(() => decodeResponse(apis.heartbeat, 4, Buffer.alloc(3)), DecodeError);
  });
});
