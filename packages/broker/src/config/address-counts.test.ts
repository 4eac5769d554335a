import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseAddressCounts } from './address-counts.ts';

test('counts of addresses are read, IPv6 too, and what is none is refused', () => {
  assert.deepEqual(
    [...(parseAddressCounts('127.0.0.1:5, ::1:7,') ?? [])],
    [
      ['127.0.0.1', 5],
      ['::1', 7],
    ],
  );
  assert.deepEqual([...(parseAddressCounts('') ?? [])], []);
  for (const wrong of ['127.0.0.1', 'a:b', 'a:-1', ':5', 'a:', 'a:1e3'])
    assert.equal(parseAddressCounts(wrong), undefined, wrong);
});
