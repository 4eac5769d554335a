// Logins and access control on Apache Kafka: kafkajs and the door, call by call.

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import { Admin } from '@millrace/client';
import * as door from '@millrace/kafkajs';
import kafkajs, { type AclEntry, type KafkaConfig, type Mechanism } from 'kafkajs';

import { freePort, type KafkaNode, startKafka } from '../../../../tools/reference/kafka-node.ts';

const host = '127.0.0.1';
const login = { username: 'alice', password: 'sesame' };
const libraries = { kafkajs, 'the door': door.default as unknown as typeof kafkajs };

/** PLAIN as somebody writes it who has no kafkajs at hand: what is encoded begins with its length. */
const ownPlain: Mechanism = {
  mechanism: 'plain',
  authenticationProvider: ({ saslAuthenticate, logger }) => ({
    authenticate: async () => {
      logger.debug('logging in');
      const text = Buffer.from(`\0${login.username}\0${login.password}`);
      const size = Buffer.alloc(4);
      size.writeInt32BE(text.length);
      const decoded = await saslAuthenticate({
        request: { encode: () => Buffer.concat([size, text]) },
        response: { decode: (raw) => raw, parse: (raw) => raw.length },
      });
      assert.equal(decoded, 4);
    },
  }),
};

const logins: Record<string, KafkaConfig['sasl'] & {}> = {
  plain: { mechanism: 'plain', ...login },
  'scram-sha-256': { mechanism: 'scram-sha-256', ...login },
  'scram-sha-512': { mechanism: 'scram-sha-512', ...login },
  'one’s own': ownPlain,
};

suite('with logins', () => {
  let kafka: KafkaNode;
  let saslPort: number;

  before(async () => {
    const [port, sasl, controller] = [await freePort(), await freePort(), await freePort()];
    saslPort = sasl;
    const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
    kafka = await startKafka({
      heapMb: 320,
      port,
      properties: {
        listeners: `PLAINTEXT://${host}:${port},SASL_PLAINTEXT://${host}:${sasl},CONTROLLER://${host}:${controller}`,
        'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
        'controller.quorum.voters': `1@${host}:${controller}`,
        'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
        'listener.name.sasl_plaintext.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required user_${login.username}="${login.password}";`,
        'listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config': scram,
        'listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config': scram,
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users': `User:ANONYMOUS;User:${login.username}`,
      },
    });
    await using admin = new Admin({ 'bootstrap.servers': kafka.bootstrap });
    await admin.alterUserScramCredentials(
      (['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const).map((mechanism) => ({
        user: login.username,
        mechanism,
        password: login.password,
      })),
    );
  });

  after(async () => await kafka.kill());

  const clientOf = (library: typeof kafkajs, sasl: KafkaConfig['sasl'] & {}) =>
    new library.Kafka({
      brokers: [`${host}:${saslPort}`],
      sasl,
      logLevel: library.logLevel.NOTHING,
    });

  for (const [name, library] of Object.entries(libraries)) {
    for (const [mechanism, sasl] of Object.entries(logins)) {
      test(`${name} logs in by ${mechanism}, and writes and reads`, async () => {
        const client = clientOf(library, { ...sasl });
        const topic = `${name}-${mechanism}`.replaceAll(/[^a-z0-9]/g, '-');
        const admin = client.admin();
        await admin.connect();
        await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
        await admin.disconnect();
        const producer = client.producer({ createPartitioner: library.Partitioners.DefaultPartitioner });
        await producer.connect();
        await producer.send({ topic, messages: [{ value: 'inside' }] });
        await producer.disconnect();
        const consumer = client.consumer({ groupId: topic, maxWaitTimeInMs: 50 });
        const read = Promise.withResolvers<string | undefined>();
        await consumer.connect();
        await consumer.subscribe({ topics: [topic], fromBeginning: true });
        await consumer.run({ eachMessage: async ({ message }) => read.resolve(message.value?.toString()) });
        assert.equal(await read.promise, 'inside');
        await consumer.disconnect();
      });
    }

    test(`${name} is refused with a wrong password`, async () => {
      const admin = clientOf(library, { mechanism: 'plain', ...login, password: 'wrong' }).admin();
      await assert.rejects(admin.connect(), { name: 'KafkaJSSASLAuthenticationError', retriable: false });
    });

    test(`${name} makes, finds and deletes rules of access`, async () => {
      const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = library;
      const admin = clientOf(library, { mechanism: 'plain', ...login }).admin();
      await admin.connect();
      const entry: AclEntry = {
        resourceType: AclResourceTypes.TOPIC,
        resourceName: `secret of ${name}`,
        resourcePatternType: ResourcePatternTypes.LITERAL,
        principal: 'User:eve',
        host: '*',
        operation: AclOperationTypes.READ,
        permissionType: AclPermissionTypes.DENY,
      };
      const { principal, host, operation, permissionType, ...resource } = entry;
      assert.equal(await admin.createAcls({ acl: [entry] }), true);
      const found = async () => (await admin.describeAcls(entry)).resources;
      while ((await found()).length === 0);
      assert.deepEqual(await found(), [{ ...resource, acls: [{ principal, host, operation, permissionType }] }]);
      assert.deepEqual(await admin.deleteAcls({ filters: [entry] }), {
        filterResponses: [
          { errorCode: 0, errorMessage: null, matchingAcls: [{ errorCode: 0, errorMessage: null, ...entry }] },
        ],
      });
      await admin.disconnect();
    });
  }
});
