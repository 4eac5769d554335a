import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { KafkaJSError, KafkaJSNonRetriableError, KafkaJSNumberOfRetriesExceeded } from './errors.ts';
import { retrier } from './retry.ts';

const quick = { initialRetryTime: 1, retries: 2 };

suite('retrier', () => {
  test('tries again after errors that may pass, and tells each try its number', async () => {
    const counts: number[] = [];
    const value = await retrier(quick)(async (_, retryCount) => {
      counts.push(retryCount);
      if (retryCount < 2) throw new Error('not yet');
      return 'done';
    });
    assert.equal(value, 'done');
    assert.deepEqual(counts, [0, 1, 2]);
  });

  test('says after the last try that all were in vain, and why', async () => {
    const reason = new KafkaJSError('always');
    await assert.rejects(
      retrier(quick)(async () => await Promise.reject(reason)),
      (error) => {
        assert.ok(error instanceof KafkaJSNumberOfRetriesExceeded);
        assert.equal(error.retryCount, 2);
        assert.equal(error.cause, reason);
        return true;
      },
    );
  });

  test('does not try again after errors of the program, nor after those that will not pass', async () => {
    for (const reason of [new TypeError('a mistake'), new KafkaJSNonRetriableError('never')]) {
      let tries = 0;
      const failing = retrier(quick)(async () => {
        tries++;
        throw reason;
      });
      await assert.rejects(failing, { name: 'KafkaJSNonRetriableError', cause: reason });
      assert.equal(tries, 1);
    }
  });

  test('throws what it is told to bail out with as it is', async () => {
    const reason = new KafkaJSError('enough');
    await assert.rejects(
      retrier(quick)(async (bail) => bail(reason)),
      (error) => error === reason,
    );
  });
});
