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
  oauthbearer: { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: token() }) },
  'one’s own': ownPlain,
};

/** A token that Kafka's own validator for developers takes: JSON without a signature. */
function token(): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  return `${part({ alg: 'none' })}.${part({ sub: login.username, iat: now, exp: now + 3600 })}.`;
}

const aws = { mechanism: 'aws', authorizationIdentity: 'a', accessKeyId: 'k', secretAccessKey: 's' } as const;
const nothing = { authenticate: async () => {} };

/** Logins that come to nothing. */
const failing: Record<string, KafkaConfig['sasl'] & {}> = {
  'a wrong password': { mechanism: 'plain', ...login, password: 'wrong' },
  'an unknown name': { mechanism: 'plain', ...login, username: 'bob' },
  'no name': { mechanism: 'plain', username: '', password: '' },
  'a wrong password (scram-sha-256)': { mechanism: 'scram-sha-256', ...login, password: 'wrong' },
  'a wrong password (scram-sha-512)': { mechanism: 'scram-sha-512', ...login, password: 'wrong' },
  'an unknown name (scram-sha-512)': { mechanism: 'scram-sha-512', ...login, username: 'bob' },
  'no token': { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: '' }) },
  'a provider that rejects': {
    mechanism: 'oauthbearer',
    oauthBearerProvider: async () => await Promise.reject(new Error('no token today')),
  },
  'no provider': { mechanism: 'oauthbearer' } as never,
  'a mechanism that the broker does not offer': aws,
  'one’s own mechanism that the broker does not offer': { mechanism: 'own', authenticationProvider: () => nothing },
  'one’s own mechanism that throws': {
    mechanism: 'plain',
    authenticationProvider: () => ({ authenticate: async () => await Promise.reject(new Error('not today')) }),
  },
  'a mechanism that is not known': { mechanism: 'gssapi' } as never,
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
        'offsets.topic.num.partitions': '2',
        'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
        'listener.name.sasl_plaintext.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required user_${login.username}="${login.password}";`,
        'listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config': scram,
        'listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config': scram,
        'listener.name.sasl_plaintext.oauthbearer.sasl.jaas.config':
          'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";',
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

  const clientOf = (library: typeof kafkajs, sasl: KafkaConfig['sasl'] & {}, more: Partial<KafkaConfig> = {}) =>
    new library.Kafka({
      brokers: [`${host}:${saslPort}`],
      sasl,
      logLevel: library.logLevel.NOTHING,
      ...more,
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

  for (const [what, sasl] of Object.entries(failing)) {
    test(`${what}: refused as with kafkajs`, async () => {
      const outcome = async (library: typeof kafkajs): Promise<unknown[]> => {
        const client = clientOf(library, sasl, { retry: { retries: 1, initialRetryTime: 20 } });
        const doors = [
          client.admin(),
          client.producer({ createPartitioner: library.Partitioners.DefaultPartitioner }),
          client.consumer({ groupId: 'refused' }),
        ];
        return await Promise.all(
          doors.map(async (one) => {
            const error = (await one.connect().catch((error: unknown) => error)) as Error & { retriable?: boolean };
            await one.disconnect();
            const { name, retriable } = error;
            const isOurs = error instanceof library.KafkaJSSASLAuthenticationError;
            return { name, retriable, isOurs, cause: (error.cause as Error | undefined)?.name };
          }),
        );
      };
      assert.deepEqual(await outcome(libraries['the door']), await outcome(kafkajs));
    });
  }
});
