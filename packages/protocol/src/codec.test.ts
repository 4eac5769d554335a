import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { apis } from './apis.ts';
import { DecodeError, EncodeError } from './codec-error.ts';
import { decode, decodeWhole, encode, write } from './codec.ts';
import { elementsMax } from './reader.ts';
import { arrayOf, int64, int64Max, int8, message, never, nullable, string, struct } from './schema.ts';
import { Writer } from './writer.ts';

const offsets = message('Offsets', '0-3', 2, {
  first: int64(),
  note: nullable('1+', string('1+', { ignorable: true })),
  reason: string('2+', { default: 'none' }),
  place: struct('3+', { tag: 0 }, { rack: string({ default: 'a' }), shelf: int8({ default: -1 }) }),
});

suite('int64 as a number', () => {
  const roundTrip = (bytes: Buffer) => encode(offsets, 0, decode(offsets, 0, bytes));
  const int64Bytes = (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(value);
    return bytes;
  };

  test('passes unharmed up to 2^53 on both sides of zero', () => {
    for (const value of [0n, 1n, -1n, 2n ** 31n, -(2n ** 31n), 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n, -(2n ** 53n)]) {
      const bytes = int64Bytes(value);
      assert.equal(decode(offsets, 0, bytes).first, Number(value));
      assert.deepEqual(Buffer.from(roundTrip(bytes)), bytes);
    }
  });

  test('keeps the two ends of the range, which Kafka uses as marks', () => {
    for (const value of [2n ** 63n - 1n, -(2n ** 63n)]) {
      const bytes = int64Bytes(value);
      assert.deepEqual(Buffer.from(roundTrip(bytes)), bytes);
    }
    assert.equal(decode(offsets, 0, int64Bytes(2n ** 63n - 1n)).first, int64Max);
  });

  test('becomes the nearest double in between', () => {
    assert.equal(decode(offsets, 0, int64Bytes(2n ** 53n + 1n)).first, 2 ** 53);
    assert.equal(decode(offsets, 0, int64Bytes(2n ** 62n + 3n)).first, 2 ** 62);
  });

  test('is refused when it is no integer or outside of the range', () => {
    for (const first of [0.5, Number.NaN, Infinity, 2 ** 64, -(2 ** 64)]) {
      assert.throws(() => encode(offsets, 0, { first }), EncodeError);
    }
  });
});

suite('fields and versions', () => {
  test('a field that was left out has its default', () => {
    assert.deepEqual(decode(offsets, 3, encode(offsets, 3, { first: 7 })), {
      first: 7,
      note: '',
      reason: 'none',
      place: { rack: 'a', shelf: -1 },
    });
  });

  test('a value that the version cannot carry is refused, and the sentence names the field', () => {
    assert.throws(() => encode(offsets, 1, { first: 7, reason: 'moved' }), {
      name: 'EncodeError',
      message: 'Offsets version 1, reason: this version has no such field, and its value is not the default',
    });
    assert.throws(() => encode(offsets, 2, { first: 7, place: { rack: 'b' } }), EncodeError);
  });

  test('its default, or an ignorable value, is dropped instead', () => {
    const bytes = encode(offsets, 0, { first: 7, note: 'late', reason: 'none', place: { rack: 'a', shelf: -1 } });
    assert.equal(bytes.length, 8);
  });

  test('null is refused at a version that has no null', () => {
    const request = { memberId: '', groupInstanceId: null, groupId: null as unknown as string, generationId: 1 };
    assert.throws(() => encode(apis.heartbeat.request, 4, request), /HeartbeatRequest version 4, groupId: null/);
  });

  test('values of the wrong type or size are refused with their place', () => {
    const partition = { partitionIndex: 1.5, offset: 0 };
    const request = { topics: [{ name: 'orders', partitions: [partition] }], timeoutMs: 1 };
    assert.throws(() => encode(apis.deleteRecords.request, 2, request), {
      message:
        'DeleteRecordsRequest version 2, topics.0.partitions.0.partitionIndex: 1.5 is not an integer from -2147483648 to 2147483647',
    });
    assert.throws(() => encode(apis.saslHandshake.request, 1, { mechanism: 'x'.repeat(40_000) }), /longer than 32767/);
    assert.throws(() =>
      encode(apis.describeTopicPartitions.request, 0, { topics: {} as never, responsePartitionLimit: 1 }),
    );
  });

  test('a version that is not in the table is refused', () => {
    const message = 'Offsets has no version 4, only 0 to 3';
    assert.throws(() => decode(offsets, 4, Buffer.alloc(8)), { name: 'DecodeError', message });
    assert.throws(() => encode(offsets, 4, { first: 1 }), { name: 'EncodeError', message });
  });
});

suite('tags', () => {
  test('an unknown tag is skipped', () => {
    const plain = encode(offsets, 3, { first: 7 });
    const withTag = Buffer.concat([plain.subarray(0, -1), Buffer.from([1, 99, 3, 1, 2, 3])]);
    assert.deepEqual(decode(offsets, 3, withTag), decode(offsets, 3, plain));
  });

  test('a tag larger than 127 bytes gets its longer size', () => {
    const value = { first: 1, place: { rack: 'r'.repeat(300) } };
    const bytes = encode(offsets, 3, value);
    assert.equal(decodeWhole(offsets, 3, bytes).place.rack, value.place.rack);
  });

  test('a tag that is larger than the frame is refused', () => {
    const plain = encode(offsets, 3, { first: 7 });
    const cut = Buffer.concat([plain.subarray(0, -1), Buffer.from([1, 99, 30, 1])]);
    assert.throws(() => decode(offsets, 3, cut), /Offsets version 3, byte 17: 30 bytes are needed and 1 are left/);
  });
});

suite('bad bytes', () => {
  const list = message('List', '0-1', 1, { numbers: arrayOf(int8()), names: nullable('1+', arrayOf('1+', string())) });

  test('a count is checked against the bytes that are left before anything is made', () => {
    assert.throws(() => decode(list, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff, 1])), /elements cannot be in the 1 bytes/);
  });

  test('a message has no more elements than its frame allows', () => {
    const count = elementsMax * 2;
    const bytes = Buffer.alloc(count + 4);
    bytes.writeInt32BE(count);
    assert.throws(() => decode(list, 0, bytes), /more elements than are allowed/);
    bytes.writeInt32BE(elementsMax);
    assert.equal(decode(list, 0, bytes).numbers.length, elementsMax);
  });

  test('a negative length other than null, and null where it may not be, are refused', () => {
    assert.throws(() => decode(list, 0, Buffer.from([0xff, 0xff, 0xff, 0xfe])), /a length of -2/);
    assert.throws(
      () => decode(list, 0, Buffer.from([0xff, 0xff, 0xff, 0xff])),
      /List version 0, numbers, byte 4: null/,
    );
  });

  test('a variable-length integer of more than 31 bits is refused', () => {
    for (const bytes of [
      [0xff, 0xff, 0xff, 0xff, 0x0f],
      [0xff, 0xff, 0xff, 0xff, 0xff, 1],
      [0x80, 0x80, 0x80, 0x80, 0x80],
    ]) {
      assert.throws(() => decode(list, 1, Buffer.from(bytes)), /too long/);
    }
  });

  test('bytes that are no UTF-8 are read all the same', () => {
    const bytes = Buffer.from([0, 2, 0xff, 0xc0]);
    assert.equal(decode(apis.saslHandshake.request, 0, bytes).mechanism, '\ufffd\ufffd');
  });

  test('bytes behind a message are ignored as in Kafka, unless it must be whole', () => {
    const bytes = Buffer.concat([encode(offsets, 0, { first: 1 }), Buffer.from([9])]);
    assert.equal(decode(offsets, 0, bytes).first, 1);
    assert.throws(() => decodeWhole(offsets, 0, bytes), {
      name: 'DecodeError',
      message: 'Offsets version 0: 1 bytes follow',
    });
  });

  test('a message that would begin behind the end is refused', () => {
    assert.throws(() => decode(offsets, 0, Buffer.alloc(8), 9), DecodeError);
  });
});

suite('slices', () => {
  const produce = apis.produce.request;
  const slice = Buffer.alloc(5_000, 7);
  const request = {
    acks: 1,
    timeoutMs: 1,
    topicData: [{ name: 'a', partitionData: [{ index: 0, records: [slice, Buffer.from('end')] }] }],
  };

  test('record batches leave as they are, between the chunks of their message', () => {
    const writer = new Writer();
    write(writer, produce, 9, request);
    const bytes = writer.length;
    const chunks = writer.take();
    assert.equal(chunks[1], slice);
    assert.equal(bytes, Buffer.concat(chunks).length);
    assert.equal(writer.length, 0);
  });

  test('decoded they lie in the frame, wherever in its memory the frame is', () => {
    const memory = Buffer.concat([Buffer.alloc(37), encode(produce, 9, request)]);
    const { records } = decode(produce, 9, memory.subarray(37)).topicData[0]!.partitionData[0]!;
    assert.equal(records!.buffer, memory.buffer);
    assert.deepEqual(records, Buffer.concat([slice, Buffer.from('end')]));
  });

  test('a refused message leaves the writer as it was', () => {
    const writer = new Writer();
    writer.int32(42);
    const index = 'one' as unknown as number;
    assert.throws(() =>
      write(writer, produce, 9, {
        ...request,
        topicData: [...request.topicData, { partitionData: [{ index, records: slice }] }],
      }),
    );
    assert.deepEqual(writer.take(), [Buffer.from([0, 0, 0, 42])]);
  });

  test('what was taken stays as it is while the writer goes on', () => {
    const writer = new Writer();
    const taken: Uint8Array[] = [];
    for (let number = 0; number < 10_000; number++) {
      writer.int32(number);
      if (number % 7 === 0) taken.push(...writer.take());
    }
    taken.push(...writer.take());
    const bytes = Buffer.concat(taken);
    for (let number = 0; number < 10_000; number++) assert.equal(bytes.readInt32BE(number * 4), number);
  });
});

test('frozen defaults are shared, so nobody can change the default of all', () => {
  const { place } = decode(offsets, 0, Buffer.alloc(8));
  assert.throws(() => Object.assign(place, { shelf: 1 }), TypeError);
});

test('a message without flexible versions has no tags', () => {
  const plain = message('Plain', '0-9', never, { text: string() });
  assert.deepEqual(Buffer.from(encode(plain, 9, { text: 'é' })), Buffer.from([0, 2, 0xc3, 0xa9]));
});
