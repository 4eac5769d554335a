import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { connectionRateOf, resolveQuota } from './quota-resolution.ts';
import { QuotaTable, recordOf } from './quota-table.ts';

suite('the quota that counts', () => {
  test('is the one that says most of user and client', () => {
    const table = new QuotaTable();
    const inOrder: readonly (readonly [user: string | null | undefined, client: string | null | undefined])[] = [
      [undefined, null],
      [undefined, 'c'],
      [null, undefined],
      [null, null],
      [null, 'c'],
      ['u', undefined],
      ['u', null],
      ['u', 'c'],
    ];
    const expected: readonly (readonly [user: string, clientId: string])[] = [
      ['', 'c'],
      ['', 'c'],
      ['u', ''],
      ['u', 'c'],
      ['u', 'c'],
      ['u', ''],
      ['u', 'c'],
      ['u', 'c'],
    ];
    assert.equal(resolveQuota(table, 'k', 'u', 'c'), undefined);
    for (const [index, [user, client]] of inOrder.entries()) {
      const entity = new Map<string, string | null>();
      if (user !== undefined) entity.set('user', user);
      if (client !== undefined) entity.set('client-id', client);
      table.replay(recordOf(entity, 'k', index + 1));
      const [sharedUser, sharedClient] = expected[index] ?? [];
      assert.deepEqual(resolveQuota(table, 'k', 'u', 'c'), {
        limit: index + 1,
        user: sharedUser,
        clientId: sharedClient,
      });
      assert.equal(resolveQuota(table, 'other', 'u', 'c'), undefined);
    }
  });

  test('of an address is its own, or the default', () => {
    const table = new QuotaTable();
    assert.equal(connectionRateOf(table, '10.0.0.1'), undefined);
    table.replay(recordOf(new Map([['ip', null]]), 'connection_creation_rate', 7));
    table.replay(recordOf(new Map([['ip', '10.0.0.1']]), 'connection_creation_rate', 3));
    table.replay(recordOf(new Map([['ip', 'localhost']]), 'connection_creation_rate', 2));
    assert.equal(connectionRateOf(table, '10.0.0.1'), 3);
    assert.equal(connectionRateOf(table, '10.0.0.2'), 7);
    assert.equal(connectionRateOf(table, '127.0.0.1'), 2);
  });
});
