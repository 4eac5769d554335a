/** The sentences are those that Apache Kafka 4.3.1 gives. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { decideQuotas } from './alter-quotas.ts';
import { findQuotas } from './describe-quotas.ts';
import { entityOf } from './quota-entity.ts';
import { QuotaTable, recordOf } from './quota-table.ts';

type Entity = Readonly<Record<string, string | null>>;

function entity(of: Entity): ReadonlyMap<string, string | null> {
  return entityOf(Object.entries(of).map(([entityType, entityName]) => ({ entityType, entityName })));
}

function messageOf(of: Entity, quotas: Readonly<Record<string, number | null>>): string | undefined {
  const ops = Object.entries(quotas).map(([key, value]) => ({ key, value }));
  const { verdicts, records } = decideQuotas(new QuotaTable(), [{ entity: entity(of), ops }]);
  assert.equal(verdicts.length, 1);
  if (verdicts[0]?.fault !== undefined) assert.deepEqual(records, []);
  return verdicts[0]?.fault?.errorMessage;
}

suite('a change of quotas', () => {
  test('is refused in the words of Kafka', () => {
    const rate = { producer_byte_rate: 1000 };
    const cases: readonly (readonly [Entity, Readonly<Record<string, number | null>>, string | undefined])[] = [
      [{ user: 'a' }, rate, undefined],
      [{ user: null, 'client-id': null }, rate, undefined],
      [{ ip: '10.1.2.3' }, { connection_creation_rate: 5 }, undefined],
      [{ ip: null }, { connection_creation_rate: 5 }, undefined],
      [{ user: 'a' }, { request_percentage: 0.5, controller_mutation_rate: 1.5 }, undefined],
      [{}, rate, 'Invalid empty client quota entity'],
      [{ group: 'a' }, rate, 'Unhandled client quota entity type: group'],
      [{ user: '' }, rate, 'Empty user not supported'],
      [
        { user: 'a', ip: '10.1.2.3' },
        rate,
        'Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId',
      ],
      [{ ip: 'no such host' }, rate, 'no such host is not a valid IP or resolvable host.'],
      [{ ip: '10.1.2.3' }, rate, 'Invalid configuration key producer_byte_rate'],
      [{ user: 'a' }, { connection_creation_rate: 5 }, 'Invalid configuration key connection_creation_rate'],
      [{ user: 'a' }, { producer_byte_rate: 0 }, 'Quota producer_byte_rate must be greater than 0'],
      [{ user: 'a' }, { request_percentage: -1 }, 'Quota request_percentage must be greater than 0'],
      [{ user: 'a' }, { consumer_byte_rate: 1.5 }, 'consumer_byte_rate cannot be a fractional value.'],
      [{ user: 'a' }, { consumer_byte_rate: 1e30 }, 'Proposed value for consumer_byte_rate is too large for a LONG.'],
      [
        { ip: '10.1.2.3' },
        { connection_creation_rate: 3e9 },
        'Proposed value for connection_creation_rate is too large for an INT.',
      ],
    ];
    for (const [of, quotas, message] of cases)
      assert.equal(messageOf(of, quotas), message, JSON.stringify([of, quotas]));
  });

  test('of the same entity twice is made once', () => {
    const ops = [{ key: 'producer_byte_rate', value: 1 }];
    const { verdicts, records } = decideQuotas(new QuotaTable(), [
      { entity: entity({ user: 'a', 'client-id': 'c' }), ops },
      { entity: entity({ 'client-id': 'c', user: 'a' }), ops },
    ]);
    assert.equal(records.length, 1);
    assert.equal(verdicts.length, 1);
    assert.match(verdicts[0]?.fault?.errorMessage ?? '', /^Ignoring duplicate entity ClientQuotaEntity/);
  });

  test('that changes nothing leaves no record', () => {
    const table = new QuotaTable();
    table.replay(recordOf(entity({ user: 'a' }), 'producer_byte_rate', 5));
    const { records } = decideQuotas(table, [
      {
        entity: entity({ user: 'a' }),
        ops: [
          { key: 'producer_byte_rate', value: 5 },
          { key: 'consumer_byte_rate', value: null },
        ],
      },
    ]);
    assert.deepEqual(records, []);
  });
});

suite('the table of quotas', () => {
  const table = new QuotaTable();
  for (const of of [
    { user: 'a' },
    { user: null },
    { user: 'a', 'client-id': 'c' },
    { user: 'a', 'client-id': null },
    { 'client-id': 'c' },
    { ip: '10.0.0.1' },
  ])
    table.replay(recordOf(entity(of), 'k', 1));

  function found(components: readonly (readonly [string, number, string | null])[], strict = false): unknown {
    const result = findQuotas(table, {
      components: components.map(([entityType, matchType, match]) => ({ entityType, matchType, match })),
      strict,
    });
    return Array.isArray(result) ? result.length : result.errorMessage;
  }

  test('is found by name, by default and by type, strictly or not', () => {
    assert.equal(found([]), 6);
    assert.equal(found([], true), 0);
    assert.equal(found([['user', 0, 'a']]), 3);
    assert.equal(found([['user', 0, 'a']], true), 1);
    assert.equal(found([['user', 1, null]]), 1);
    assert.equal(found([['user', 2, null]]), 4);
    assert.equal(
      found([
        ['user', 0, 'a'],
        ['client-id', 2, null],
      ]),
      2,
    );
    assert.equal(found([['client-id', 1, null]], true), 0);
    assert.equal(found([['ip', 2, null]]), 1);
  });

  test('is asked for wrongly in the words of Kafka', () => {
    assert.equal(found([['', 2, null]]), 'Invalid empty entity type.');
    assert.equal(found([['group', 2, null]]), 'Unsupported entity type group');
    assert.equal(
      found([
        ['user', 2, null],
        ['user', 2, null],
      ]),
      'Entity type user cannot appear more than once in the filter.',
    );
    assert.equal(found([['user', 0, null]]), 'Request specified MATCH_TYPE_EXACT, but set match string to null.');
    assert.equal(found([['user', 1, 'a']]), 'Request specified MATCH_TYPE_DEFAULT, but also specified a match string.');
    assert.equal(
      found([['user', 2, 'a']]),
      'Request specified MATCH_TYPE_SPECIFIED, but also specified a match string.',
    );
    assert.equal(found([['user', 7, null]]), 'Unknown match type 7');
    assert.match(
      String(
        found([
          ['user', 2, null],
          ['ip', 2, null],
        ]),
      ),
      /^Invalid entity filter component combination\./,
    );
  });

  test('comes back from its records', () => {
    const copy = new QuotaTable();
    for (const record of table.records()) copy.replay(record);
    assert.deepEqual([...copy.entries()], [...table.entries()]);
    for (const record of table.records()) copy.replay({ ...record, remove: true });
    assert.deepEqual([...copy.entries()], []);
  });
});
