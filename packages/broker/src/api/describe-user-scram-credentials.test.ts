import assert from 'node:assert/strict';
import { test } from 'node:test';

import { errorName } from '@millrace/protocol';
import { startBroker, WireClient } from '@millrace/testkit';

test('nobody has SCRAM credentials, and who is asked for by name is not found, as in Kafka', async () => {
  await using broker = await startBroker();
  await using client = await WireClient.connect(broker.bootstrap);
  const all = await client.send('describeUserScramCredentials', 0, { users: null });
  assert.deepEqual([errorName(all.errorCode), all.errorMessage, all.results], ['NONE', '', []]);
  const users = ['a', 'b', 'a'].map((name) => ({ name }));
  const { results } = await client.send('describeUserScramCredentials', 0, { users });
  assert.deepEqual(
    results.map(({ user, errorCode, errorMessage }) => [user, errorName(errorCode), errorMessage]),
    [
      ['a', 'DUPLICATE_RESOURCE', 'Cannot describe SCRAM credentials for the same user twice in a single request: a'],
      ['b', 'RESOURCE_NOT_FOUND', 'Attempt to describe a user credential that does not exist: b'],
    ],
  );
});
