import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type Logger, silentLogger } from '@millrace/base';
import { errors } from '@millrace/protocol';
import { startBroker, WireClient } from '@millrace/testkit';

test('who wants more replicas of the transactions than there are is told how to go on, once', async () => {
  const warnings: string[] = [];
  const log: Logger = { ...silentLogger, warn: (_, text) => void warnings.push(text), child: () => log };
  const broker = await startBroker({ 'transaction.state.log.min.isr': '2' }, log);
  const client = await WireClient.connect(broker.bootstrap);
  try {
    await client.send('findCoordinator', 4, { keyType: 1, coordinatorKeys: ['x'] });
    const request = { transactionalId: 'x', transactionTimeoutMs: 60_000 };
    for (let time = 0; time < 2; time++) {
      const { errorCode } = await client.send('initProducerId', 4, request);
      assert.equal(errorCode, errors.COORDINATOR_NOT_AVAILABLE);
    }
    assert.deepEqual(
      warnings.filter((text) => text.includes('min.insync.replicas=1')).map((text) => text.split(' ')[0]),
      ['__transaction_state'],
    );
  } finally {
    client.close();
    await broker.stop();
  }
});
