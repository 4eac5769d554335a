import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import { AdminStage } from './admin-stage.ts';
import { uniqueName } from './target.ts';

suite('admin: ACLs, quotas, credentials, tokens', () => {
  let stage: AdminStage;

  before(async () => {
    stage = await AdminStage.open();
  });

  after(() => stage[Symbol.asyncDispose]());

  test('ACLs are made, found by filters and deleted, where there is an authorizer', async () => {
    const { admin } = stage;
    const resourceName = uniqueName('acl');
    const allow = { resourceType: 'TOPIC', resourceName, principal: 'User:alice' } as const;
    const create = admin.createAcls([
      { ...allow, operation: 'READ' },
      { ...allow, operation: 'WRITE', permissionType: 'DENY', host: '10.0.0.1', patternType: 'PREFIXED' },
    ]);
    if (!stage.isKafka) return await assert.rejects(create, { code: 'UNSUPPORTED' });
    await create;
    const find = async () =>
      (await admin.describeAcls({ resourceName, resourceType: 'TOPIC' })).toSorted((a, b) =>
        a.operation.localeCompare(b.operation),
      );
    const found = await stage.until(find, ({ length }) => length === 2);
    assert.deepEqual(found, [
      { ...allow, operation: 'READ', permissionType: 'ALLOW', host: '*', patternType: 'LITERAL' },
      { ...allow, operation: 'WRITE', permissionType: 'DENY', host: '10.0.0.1', patternType: 'PREFIXED' },
    ]);
    const [denied, none] = await admin.deleteAcls([
      { resourceName, permissionType: 'DENY' },
      { resourceName: uniqueName('none') },
    ]);
    assert.deepEqual(denied?.acls, found.slice(1));
    assert.deepEqual(none?.acls, []);
    await stage.until(find, ({ length }) => length === 1);
    await admin.deleteAcls([{ resourceName }]);
  });

  test('an ACL that cannot be is refused by its own words', async (context) => {
    if (!stage.isKafka) return context.skip('Millrace has no ACLs');
    const acl = { resourceType: 'CLUSTER', resourceName: 'other', principal: 'User:a', operation: 'READ' } as const;
    await assert.rejects(stage.admin.createAcls([acl]), {
      code: 'INVALID_REQUEST',
      message: /^Creating the ACL ANY User:a READ CLUSTER other/,
    });
  });

  test('quotas of a client are set, told and removed', async () => {
    const { admin } = stage;
    const entity = [
      { entityType: 'user', entityName: uniqueName('user') },
      { entityType: 'client-id', entityName: null },
    ];
    await admin.alterClientQuotas([{ entity, ops: [{ key: 'producer_byte_rate', value: 1000 }] }]);
    const filter = entity.map(({ entityType, entityName }) => ({ entityType, entityName }));
    const find = async () => await admin.describeClientQuotas(filter, { strict: true });
    const found = await stage.until(find, ({ length }) => length > 0);
    assert.deepEqual(
      found.map(({ values }) => [...values]),
      [[['producer_byte_rate', 1000]]],
    );
    assert.deepEqual(
      found[0]?.entity.toSorted((a, b) => b.entityType.localeCompare(a.entityType)),
      entity,
    );
    const byType = await admin.describeClientQuotas([{ entityType: 'user' }, { entityType: 'client-id' }]);
    assert.ok(byType.some((one) => one.entity.some(({ entityName }) => entityName === entity[0]?.entityName)));
    await admin.alterClientQuotas([{ entity, ops: [{ key: 'producer_byte_rate', value: null }] }]);
    await stage.until(find, ({ length }) => length === 0);
    await assert.rejects(admin.alterClientQuotas([{ entity, ops: [{ key: 'no_such', value: 1 }] }]), {
      code: 'INVALID_REQUEST',
    });
  });

  test('SCRAM credentials are made of a password, told without it, and deleted', async () => {
    const { admin } = stage;
    const user = uniqueName('user');
    const upsert = admin.alterUserScramCredentials([
      { user, mechanism: 'SCRAM-SHA-256', password: 'pencil', iterations: 5000 },
      { user, mechanism: 'SCRAM-SHA-512', password: Buffer.from('pencil') },
    ]);
    if (!stage.isKafka) return await assert.rejects(upsert, { code: 'UNSUPPORTED' });
    await upsert;
    const find = async () => (await admin.describeUserScramCredentials()).filter((one) => one.user === user);
    const found = await stage.until(find, ([one]) => one?.credentials.length === 2);
    assert.deepEqual(
      found[0]?.credentials.toSorted((a, b) => b.iterations - a.iterations),
      [
        { mechanism: 'SCRAM-SHA-256', iterations: 5000 },
        { mechanism: 'SCRAM-SHA-512', iterations: 4096 },
      ],
    );
    await admin.alterUserScramCredentials([
      { user, mechanism: 'SCRAM-SHA-256', delete: true },
      { user, mechanism: 'SCRAM-SHA-512', delete: true },
    ]);
    await stage.until(find, ({ length }) => length === 0);
    await assert.rejects(admin.describeUserScramCredentials({ users: [user] }), { code: 'RESOURCE_NOT_FOUND' });
    await assert.rejects(
      admin.alterUserScramCredentials([{ user, mechanism: 'SCRAM-SHA-256', password: 'x', iterations: 7 }]),
      {
        code: 'UNACCEPTABLE_CREDENTIAL',
      },
    );
  });

  test('a delegation token is not given to a client that nobody knows', async () => {
    const { admin } = stage;
    const code = stage.isKafka ? 'DELEGATION_TOKEN_REQUEST_NOT_ALLOWED' : 'UNSUPPORTED';
    await assert.rejects(admin.createDelegationToken({ renewers: ['User:b'], maxLifetimeMs: 1000 }), { code });
    await assert.rejects(admin.renewDelegationToken(Buffer.from('x')), { code });
    await assert.rejects(admin.expireDelegationToken(Buffer.from('x')), { code });
    await assert.rejects(admin.describeDelegationTokens({ owners: ['User:a'] }), { code });
    await assert.rejects(admin.createDelegationToken({ owner: 'alice' }), { code: 'CONFIG' });
  });
});
