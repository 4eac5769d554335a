import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { decodeMetrics } from './otlp.ts';
import { OtlpError } from './wire-reader.ts';

/** As protobuf writes them. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

function bytes(field: number, content: Buffer | string): Buffer {
  const body = Buffer.from(content as string);
  return Buffer.concat([varint(field * 8 + 2), varint(body.length), body]);
}

function message(field: number, ...parts: readonly Buffer[]): Buffer {
  return bytes(field, Buffer.concat(parts));
}

function integer(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

function fixed(field: number, write: (target: Buffer) => unknown): Buffer {
  const body = Buffer.alloc(8);
  write(body);
  return Buffer.concat([varint(field * 8 + 1), body]);
}

const double = (field: number, value: number): Buffer => fixed(field, (target) => target.writeDoubleLE(value));
const long = (field: number, value: bigint): Buffer => fixed(field, (target) => target.writeBigInt64LE(value));
const attribute = (field: number, key: string, value: Buffer): Buffer =>
  message(field, bytes(1, key), message(2, value));

function gauge(name: string, ...points: readonly Buffer[]): Buffer {
  return message(2, bytes(1, name), message(5, ...points.map((point) => message(1, point))));
}

function sum(name: string, temporality: number, isMonotonic: boolean, point: Buffer): Buffer {
  const head = [message(1, point), integer(2, temporality), integer(3, isMonotonic ? 1 : 0)];
  return message(2, bytes(1, name), message(7, ...head));
}

/** What a client pushes: one resource, one scope. */
function pushed(metrics: readonly Buffer[], resource: readonly Buffer[] = []): Buffer {
  return message(1, message(1, ...resource), message(2, ...metrics));
}

suite('metrics of OpenTelemetry', () => {
  test('are read with their labels, those of the resource first', () => {
    const point = Buffer.concat([double(4, 1.5), attribute(7, 'node.id', bytes(1, '7'))]);
    const whole = pushed([gauge('a.b', point)], [attribute(1, 'group_id', bytes(1, 'g'))]);
    assert.deepEqual(decodeMetrics(whole), [
      {
        name: 'a.b',
        kind: 'gauge',
        labels: [
          ['group_id', 'g'],
          ['node.id', '7'],
        ],
        value: 1.5,
      },
    ]);
  });

  test('are told apart by how they add up', () => {
    const point = long(6, -3n);
    const read = decodeMetrics(pushed([sum('d', 1, true, point), sum('c', 2, true, point), sum('g', 1, false, point)]));
    assert.deepEqual(
      read.map(({ name, kind, value }) => [name, kind, value]),
      [
        ['d', 'delta', -3],
        ['c', 'total', -3],
        ['g', 'gauge', -3],
      ],
    );
  });

  test('of histograms are their count and sum', () => {
    const point = Buffer.concat([
      fixed(4, (target) => target.writeBigUInt64LE(5n)),
      double(5, 12.5),
      attribute(9, 'x', integer(3, 9)),
    ]);
    const histogram = message(2, bytes(1, 'h'), message(9, message(1, point), integer(2, 2)));
    assert.deepEqual(
      decodeMetrics(pushed([histogram])).map(({ name, kind, labels, value }) => [name, kind, labels, value]),
      [
        ['h.count', 'total', [['x', '9']], 5],
        ['h.sum', 'total', [['x', '9']], 12.5],
      ],
    );
  });

  test('may hold what nobody asked for', () => {
    const odd = [integer(99, 5), bytes(98, 'x'), double(97, 1), Buffer.concat([varint(96 * 8 + 5), Buffer.alloc(4)])];
    assert.equal(decodeMetrics(Buffer.concat([...odd, pushed([gauge('a', double(4, 1))])])).length, 1);
  });

  test('come in no more than there may be', () => {
    const point = double(4, 1);
    const many = pushed([gauge('a', ...Array.from({ length: 5000 }, () => point))]);
    assert.equal(decodeMetrics(many).length, 2000);
    const wordy = pushed([
      gauge('n'.repeat(10_000), Buffer.concat([point, attribute(7, 'k', bytes(1, 'v'.repeat(9999)))])),
    ]);
    const [first] = decodeMetrics(wordy);
    assert.ok((first?.name.length ?? 0) <= 200 && (first?.labels[0]?.[1].length ?? 0) <= 200);
  });

  test('of very many empty parts are refused', () => {
    assert.throws(() => decodeMetrics(Buffer.alloc(1_000_000, Buffer.from([0x0a, 0x00]))), OtlpError);
  });

  test('that are damaged are refused, whatever the damage', () => {
    const good = pushed([
      gauge('a.b', Buffer.concat([double(4, 1), attribute(7, 'k', bytes(1, 'v'))])),
      sum('s', 2, true, long(6, 1n)),
    ]);
    assert.equal(decodeMetrics(good).length, 2);
    let refused = 0;
    for (let at = 0; at < good.length; at++) {
      for (const spoiled of [0x00, 0x7f, 0x80, 0xff]) {
        const bad = Buffer.from(good);
        bad[at] = spoiled;
        try {
          decodeMetrics(bad);
        } catch (error) {
          assert.ok(error instanceof OtlpError, String(error));
          refused++;
        }
      }
      assert.throws(
        () => decodeMetrics(Buffer.concat([good.subarray(0, at), Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x7f])])),
        OtlpError,
      );
    }
    assert.ok(refused > 50, `${refused} were refused`);
  });
});
