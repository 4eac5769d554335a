// Credentials and delegation tokens that the admin makes open the door of Apache Kafka. Millrace has neither yet.

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import { Admin, type AdminOptions } from '@millrace/client';

import { freePort, type KafkaNode, startKafka } from '../../../tools/reference/kafka-node.ts';

const host = '127.0.0.1';
const password = 'pässwörd ½';
const scramModule = 'org.apache.kafka.common.security.scram.ScramLoginModule';

suite('credentials of the admin against Apache Kafka', () => {
  let kafka: KafkaNode;
  let saslPort: number;
  let admin: Admin;

  before(async () => {
    const [port, sasl, controller] = [await freePort(), await freePort(), await freePort()];
    saslPort = sasl;
    kafka = await startKafka({
      heapMb: 320,
      port,
      properties: {
        listeners: `PLAINTEXT://${host}:${port},SASL_PLAINTEXT://${host}:${sasl},CONTROLLER://${host}:${controller}`,
        'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
        'controller.quorum.voters': `1@${host}:${controller}`,
        'sasl.enabled.mechanisms': 'SCRAM-SHA-256,SCRAM-SHA-512',
        'listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config': `${scramModule} required;`,
        'listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config': `${scramModule} required;`,
        'delegation.token.secret.key': 'of-tests',
      },
    });
    admin = new Admin({ 'bootstrap.servers': kafka.bootstrap });
  });

  after(async () => {
    await admin.close();
    await kafka.kill();
  });

  /** Logged in as the user. */
  const as = (username: string, mechanism: string, options: Partial<AdminOptions> = {}) =>
    new Admin({
      'bootstrap.servers': `${host}:${saslPort}`,
      'security.protocol': 'SASL_PLAINTEXT',
      'sasl.mechanism': mechanism,
      sasl: { username, password },
      ...options,
    });

  test('a user logs in with what the admin made of the password, and no more when it is taken away', async () => {
    const mechanisms = ['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;
    await admin.alterUserScramCredentials(mechanisms.map((mechanism) => ({ user: 'alice', mechanism, password })));
    for (const mechanism of mechanisms) {
      await using alice = as('alice', mechanism);
      assert.equal((await alice.describeCluster()).nodes.length, 1);
    }
    await admin.alterUserScramCredentials([{ user: 'alice', mechanism: 'SCRAM-SHA-256', delete: true }]);
    await using refused = as('alice', 'SCRAM-SHA-256');
    await assert.rejects(refused.describeCluster(), { code: 'AUTHENTICATION' });
  });

  test('a token is made, told, renewed and ended', async () => {
    await admin.alterUserScramCredentials([{ user: 'bob', mechanism: 'SCRAM-SHA-512', password, iterations: 8192 }]);
    await using bob = as('bob', 'SCRAM-SHA-512');
    const made = await bob.createDelegationToken({ renewers: ['User:carol'], maxLifetimeMs: 3_600_000 });
    assert.deepEqual([made.owner, made.tokenRequester, made.renewers], ['User:bob', 'User:bob', ['User:carol']]);
    assert.equal(made.maxTimestamp - made.issueTimestamp, 3_600_000);
    let tokens = await bob.describeDelegationTokens();
    while (tokens.length === 0) tokens = await bob.describeDelegationTokens({ owners: ['User:bob'] });
    assert.deepEqual(tokens, [made]);
    assert.deepEqual(await bob.describeDelegationTokens({ owners: ['User:dave'] }), []);
    const renewed = await bob.renewDelegationToken(made.hmac, { renewTimePeriodMs: 60_000 });
    assert.ok(renewed < made.expiryTimestamp);
    assert.ok((await bob.expireDelegationToken(made.hmac)) <= renewed);
    await assert.rejects(bob.renewDelegationToken(Buffer.from('no such token')), {
      code: 'DELEGATION_TOKEN_NOT_FOUND',
    });
  });
});
