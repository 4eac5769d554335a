import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { json, type StandardSchema } from './json.ts';
import type { Serde } from './serde.ts';
import { bytes, doubles, floats, int32s, int64s, strings, uuids } from './serdes.ts';

const at = { topic: 'orders', isKey: false };

function wire<T>(serde: Serde<T>, value: T): Buffer {
  const written = serde.serialize(value, at) as Uint8Array | string;
  return Buffer.from(written as string);
}

function back<T>(serde: Serde<T>, value: T): T {
  return serde.deserialize(wire(serde, value), at) as T;
}

suite('serdes', () => {
  test('write what Java’s serializers write', () => {
    assert.equal(wire(int32s, -2).toString('hex'), 'fffffffe');
    assert.equal(wire(int64s, 2n ** 63n - 1n).toString('hex'), '7fffffffffffffff');
    assert.equal(wire(floats, 1.5).toString('hex'), '3fc00000');
    assert.equal(wire(doubles, -0.5).toString('hex'), 'bfe0000000000000');
    assert.equal(wire(strings, 'ü').toString('hex'), 'c3bc');
  });

  test('read what they wrote', () => {
    assert.equal(back(int32s, 2 ** 31 - 1), 2 ** 31 - 1);
    assert.equal(back(int64s, -(2n ** 63n)), -(2n ** 63n));
    assert.equal(back(doubles, Math.PI), Math.PI);
    assert.equal(back(strings, '\ufeffa 🚲'), '\ufeffa 🚲');
    assert.deepEqual(back(bytes, Buffer.from('x')), Buffer.from('x'));
    assert.equal(back(uuids, '123e4567-e89b-12d3-a456-426614174000'), '123e4567-e89b-12d3-a456-426614174000');
    assert.deepEqual(back(json<{ a: number[] }>(), { a: [1] }), { a: [1] });
  });

  test('say which topic, which part and why, when they cannot', () => {
    const refused = (work: () => unknown, message: RegExp): void => {
      assert.throws(work, { code: 'SERIALIZATION', message });
    };
    refused(() => int32s.serialize(2 ** 31, at), /value of a record of "orders".*2147483648 does not fit/);
    refused(() => int64s.serialize(2n ** 63n, { ...at, isKey: true }), /key of a record/);
    refused(() => int32s.deserialize(Buffer.alloc(3), at), /3 bytes, not 4/);
    refused(() => strings.deserialize(Buffer.from([0xff]), at), /not UTF-8/);
    refused(() => uuids.serialize('x', at), /not a UUID/);
    refused(() => json().deserialize(Buffer.from('{'), at), /not JSON/);
    refused(() => json<unknown>().serialize(undefined, at), /cannot be written as JSON/);
    refused(() => json<unknown>().serialize(1n, at), /cannot be written as JSON/);
  });

  test('a schema is asked in both directions, at once or later, and its issues are named', async () => {
    const answers = { isLate: false };
    const schema: StandardSchema<{ n: number; secret?: number }, { n: number }> = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate(value) {
          const { n } = value as { n: unknown };
          const result =
            typeof n === 'number' ? { value: { n } } : { issues: [{ message: 'no number', path: ['n', { key: 0 }] }] };
          return answers.isLate ? Promise.resolve(result) : result;
        },
      },
    };
    const serde = json(schema);
    const extra = Buffer.from('{"n":1,"secret":2}');
    assert.equal(serde.serialize({ n: 1, secret: 2 }, at), extra.toString(), 'it is written as it was given');
    assert.deepEqual(serde.deserialize(extra, at), { n: 1 }, 'what the schema leaves out is not read');
    assert.throws(() => serde.serialize({ n: 'x' } as never, at), {
      code: 'SERIALIZATION',
      message: /n\.0: no number/,
    });
    assert.throws(() => serde.deserialize(Buffer.from('{}'), at), { message: /n\.0: no number/ });
    answers.isLate = true;
    assert.equal(await serde.serialize({ n: 2 }, at), '{"n":2}');
    await assert.rejects(async () => await serde.deserialize(Buffer.from('{}'), at), { code: 'SERIALIZATION' });
  });
});
