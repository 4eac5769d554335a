import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { RateMeter } from './rate-meter.ts';
import { TokenBucket } from './token-bucket.ts';

const windows = { count: 11, sizeMs: 1000 };

suite('a rate over windows', () => {
  test('sets what came against ten whole windows at least', () => {
    const meter = new RateMeter(windows, 0);
    meter.record(500, 0);
    assert.equal(meter.rate(0), 50);
    assert.equal(meter.rate(999), 500 / 10.999);
  });

  test('is not throttled until all whole windows are used up', () => {
    const meter = new RateMeter(windows, 0);
    meter.record(1000, 0);
    assert.equal(meter.throttleMs(100, 0), 0);
    meter.record(1000, 0);
    assert.equal(meter.throttleMs(100, 0), 10_000);
  });

  test('comes down while time passes', () => {
    const meter = new RateMeter(windows, 0);
    meter.record(3000, 0);
    assert.equal(meter.throttleMs(250, 0), 2000);
    assert.equal(meter.throttleMs(250, 2000), 2000);
    assert.ok(meter.throttleMs(250, 10_500) < 2000);
    assert.equal(meter.throttleMs(250, 11_000), 0);
  });

  test('forgets what is older than all windows', () => {
    const meter = new RateMeter(windows, 0);
    meter.record(5000, 0);
    meter.record(10, 5000);
    assert.equal(meter.rate(11_500), 10 / 10.5);
  });

  test('gives back what is taken back', () => {
    const meter = new RateMeter(windows, 0);
    meter.record(7, 10);
    meter.record(5000, 20);
    meter.record(-5000, 20);
    assert.equal(meter.rate(20), 7 / 10.02);
  });
});

suite('a bucket of tokens', () => {
  test('begins full, and may be overdrawn once', () => {
    const bucket = new TokenBucket(windows, 2, 0);
    assert.equal(bucket.tokens(2, 0), 22);
    bucket.take(30, 2, 0);
    assert.equal(bucket.throttleMs(2, 0), 4000);
    assert.equal(bucket.throttleMs(2, 4000), 0);
  });

  test('never has more than all windows allow', () => {
    const bucket = new TokenBucket(windows, 2, 0);
    bucket.take(5, 2, 0);
    assert.equal(bucket.tokens(2, 100_000), 22);
    assert.equal(bucket.tokens(1, 100_000), 11);
  });
});
