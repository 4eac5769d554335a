import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { Frames } from './frames.ts';

interface Seen {
  readonly frames: string[];
  refused: number | undefined;
}

function collect(frameBytesMax: number): { frames: Frames; seen: Seen } {
  const seen: Seen = { frames: [], refused: undefined };
  const frames = new Frames(
    {
      frame: (bytes, start, end) => seen.frames.push(bytes.toString('hex', start, end)),
      parsed: () => {},
      refused: (declared) => {
        seen.refused = declared;
      },
    },
    frameBytesMax,
  );
  return { frames, seen };
}

function stream(bodies: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    bodies.map((body) => {
      const frame = Buffer.alloc(4 + body.length);
      frame.writeInt32BE(body.length);
      frame.set(body, 4);
      return frame;
    }),
  );
}

function feed(frames: Frames, bytes: Uint8Array): boolean {
  for (let from = 0; from < bytes.length;) {
    const target = frames.buffer();
    const count = Math.min(target.length, bytes.length - from);
    target.set(bytes.subarray(from, from + count));
    from += count;
    if (!frames.received(count)) return false;
  }
  return true;
}

test('frames arrive whole and in order however the bytes are cut', () => {
  const bodies = fc.array(
    fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 3000, maxLength: 9000 })),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(bodies, fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 40 }), (sent, cuts) => {
      const { frames, seen } = collect(1 << 20);
      const bytes = stream(sent);
      for (let from = 0, i = 0; from < bytes.length; i++) {
        const count = cuts[i % cuts.length] as number;
        assert.ok(feed(frames, bytes.subarray(from, from + count)));
        from += count;
      }
      assert.deepEqual(
        seen.frames,
        sent.map((body) => Buffer.from(body).toString('hex')),
      );
      assert.equal(frames.heldBytes, 0);
    }),
    { numRuns: 200 },
  );
});

test('two connections that hold parts of frames do not share bytes', () => {
  const one = collect(1 << 20);
  const two = collect(1 << 20);
  const first = stream([Buffer.alloc(100_000, 1)]);
  const second = stream([Buffer.alloc(100_000, 2)]);
  for (let from = 0; from < first.length; from += 10_000) {
    feed(one.frames, first.subarray(from, from + 10_000));
    feed(two.frames, second.subarray(from, from + 10_000));
  }
  assert.deepEqual(one.seen.frames, ['01'.repeat(100_000)]);
  assert.deepEqual(two.seen.frames, ['02'.repeat(100_000)]);
});

test('a negative length and one over the limit are refused', () => {
  for (const length of [-1, 1025, 0x7fff_ffff]) {
    const { frames, seen } = collect(1024);
    const head = Buffer.alloc(4);
    head.writeInt32BE(length);
    assert.equal(feed(frames, head), false);
    assert.equal(seen.refused, length);
  }
});

test('memory grows with what arrives, not with what is declared', () => {
  const { frames } = collect(100 << 20);
  const head = Buffer.alloc(8);
  head.writeInt32BE(100 << 20);
  feed(frames, head);
  assert.ok(frames.heldBytes <= 512 << 10, `${frames.heldBytes} bytes held for 8 received`);
});

test('the owner is told that a read ended before its bytes move', () => {
  const pending: { bytes: Buffer; start: number; end: number }[] = [];
  const seen: string[] = [];
  const frames = new Frames(
    {
      frame: (bytes, start, end) => {
        pending.push({ bytes, start, end });
      },
      parsed: () => {
        for (const { bytes, start, end } of pending.splice(0))
          seen.push(`${bytes[start]} ${bytes[end - 1]} ${end - start}`);
      },
      refused: () => {},
    },
    1 << 20,
  );
  const bytes = stream([Buffer.alloc(9000, 1), Buffer.alloc(9000, 2), Buffer.alloc(9000, 3)]);
  feed(frames, bytes.subarray(0, 5000));
  feed(frames, bytes.subarray(5000, 20_000));
  feed(frames, bytes.subarray(20_000));
  assert.deepEqual(seen, ['1 1 9000', '2 2 9000', '3 3 9000']);
});
