// TLS and SASL against Apache Kafka, which has every listener that clients meet. Millrace has neither yet.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';

import {
  Admin,
  clientKeys,
  Cluster,
  type ClusterOptions,
  Consumer,
  isClientError,
  nodeClientHost,
  Producer,
  readOptions,
  type SecurityOptions,
} from '@millrace/client';

import { freePort, type KafkaNode, startKafka } from '../../../tools/reference/kafka-node.ts';
import { ToolHost } from '../../../tools/reference/kafka-tool.ts';
import { Authority, type Identity } from './certificates.ts';

const host = '127.0.0.1';
const password = 'pässwörd ½';
const modules = 'org.apache.kafka.common.security';

/** A token that Kafka's own validator for developers takes: JSON without a signature. */
function unsecuredToken(subject: string, lifeSeconds = 3600): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  return `${part({ alg: 'none' })}.${part({ sub: subject, iat: now, exp: now + lifeSeconds })}.`;
}

suite('security against Apache Kafka', () => {
  const authority = new Authority();
  const ports = new Map<string, number>();
  let kafka: KafkaNode;
  let user: Identity;

  before(async () => {
    for (const name of ['PLAINTEXT', 'MUTUAL', 'SECURE', 'RENEWED', 'CONTROLLER']) ports.set(name, await freePort());
    user = authority.issue('client', 'DNS:client', 'key password');
    kafka = await startKafka({
      heapMb: 320,
      port: ports.get('PLAINTEXT')!,
      properties: propertiesOf(authority, ports),
    });
    await using tools = new ToolHost();
    const at = [
      '--bootstrap-server',
      kafka.bootstrap,
      '--alter',
      '--entity-type',
      'users',
      '--entity-name',
      'al=ice,b',
    ];
    for (const mechanism of ['SCRAM-SHA-256', 'SCRAM-SHA-512']) {
      const credential = `${mechanism}=[iterations=8192,password=${password}]`;
      const { status, stderr } = await tools.run('kafka-configs', [...at, '--add-config', credential]);
      assert.equal(status, 0, stderr);
    }
  });

  after(async () => {
    await kafka.kill();
    authority[Symbol.dispose]();
  });

  /** Of one client: what the cluster says to its first question. */
  async function meet(
    listener: string,
    options: Record<string, unknown>,
    security: SecurityOptions = {},
    more: Partial<ClusterOptions> = {},
  ): Promise<Cluster> {
    const servers = { 'bootstrap.servers': `${host}:${ports.get(listener)}` };
    const config = readOptions(clientKeys, { ...servers, ...options });
    const cluster = new Cluster({ host: nodeClientHost(), config, security, ...more });
    try {
      await cluster.metadata.refresh();
      assert.equal(cluster.metadata.nodes.get(1)?.port, ports.get(listener));
      await cluster.request(1, 'listGroups', {});
      return cluster;
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  async function works(...parameters: Parameters<typeof meet>): Promise<void> {
    await (await meet(...parameters)).close();
  }

  const sasl = (mechanism: string): Record<string, unknown> => ({
    'security.protocol': 'SASL_SSL',
    'sasl.mechanism': mechanism,
    'ssl.truststore.certificates': authority.certificate,
  });

  test('producers, consumers and admins log in', async () => {
    const security = { 'ssl.truststore.certificates': authority.certificate, 'security.protocol': 'SASL_SSL' } as const;
    const options = {
      ...security,
      'bootstrap.servers': `${host}:${ports.get('SECURE')}`,
      'sasl.mechanism': 'SCRAM-SHA-512',
      sasl: { username: 'al=ice,b', password },
    } as const;
    await using admin = new Admin(options);
    await admin.createTopics([{ name: 'secret', numPartitions: 1, replicationFactor: 1 }]);
    await using producer = new Producer(options);
    await producer.send({ topic: 'secret', value: 'hello' });
    await using consumer = new Consumer({ ...options, 'auto.offset.reset': 'earliest' });
    await consumer.assign([{ topic: 'secret', partition: 0 }]);
    for await (const { value } of consumer) {
      assert.equal(value?.toString(), 'hello');
      break;
    }
  });

  test('PLAIN over TLS, with a name in a JAAS text and as an option', async () => {
    const jaas = `${modules}.plain.PlainLoginModule required username="alice" password="${password}";`;
    await works('SECURE', { ...sasl('PLAIN'), 'sasl.jaas.config': jaas });
    await works('SECURE', sasl('PLAIN'), { sasl: { username: 'alice', password } });
  });

  for (const mechanism of ['SCRAM-SHA-256', 'SCRAM-SHA-512']) {
    test(`${mechanism}, with a name and a password that need care`, async () => {
      await works('SECURE', sasl(mechanism), { sasl: async () => ({ username: 'al=ice,b', password }) });
    });
  }

  test('OAUTHBEARER with tokens from a function, and from client credentials', async () => {
    await works('SECURE', sasl('OAUTHBEARER'), { oauthBearerToken: () => ({ value: unsecuredToken('alice') }) });
    const server = createServer((_, response) => {
      response.end(JSON.stringify({ access_token: unsecuredToken('alice'), expires_in: 3600 }));
    });
    const port = await freePort();
    await new Promise<void>((resolve) => void server.listen(port, host, resolve));
    await works('SECURE', {
      ...sasl('OAUTHBEARER'),
      'sasl.oauthbearer.token.endpoint.url': `http://${host}:${port}/token`,
      'sasl.oauthbearer.client.credentials.client.id': 'id',
      'sasl.oauthbearer.client.credentials.client.secret': 'secret',
    });
    server.closeAllConnections();
    server.close();
  });

  test('a mechanism of one’s own', async () => {
    const { 'sasl.mechanism': _, ...options } = sasl('PLAIN');
    const message = Buffer.from(`\0alice\0${password}`);
    const authenticate: NonNullable<SecurityOptions['saslMechanism']>['authenticate'] = async ({ send }) =>
      void (await send(message));
    await works('SECURE', options, { saslMechanism: { name: 'PLAIN', authenticate } });
  });

  const refused: [what: string, options: () => Record<string, unknown>, security: SecurityOptions, said: RegExp][] = [
    [
      'a wrong password',
      () => sasl('PLAIN'),
      { sasl: { username: 'alice', password: 'x' } },
      /PLAIN failed.*Invalid username or password/,
    ],
    [
      'a wrong password of SCRAM',
      () => sasl('SCRAM-SHA-512'),
      { sasl: { username: 'al=ice,b', password: 'x' } },
      /SCRAM-SHA-512 failed.*invalid credentials/,
    ],
    ['an unknown name', () => sasl('SCRAM-SHA-256'), { sasl: { username: 'bob', password } }, /SCRAM-SHA-256 failed/],
    [
      'a token that is over',
      () => sasl('OAUTHBEARER'),
      { oauthBearerToken: () => ({ value: unsecuredToken('alice', -3600) }) },
      /OAUTHBEARER failed.*invalid_token/,
    ],
    [
      'a mechanism that is not offered',
      () => sasl('PLAIN'),
      { saslMechanism: { name: 'GSSAPI', authenticate: async () => {} } },
      /offers .*PLAIN.* only/,
    ],
    [
      'an authority that is not trusted',
      () => ({ ...sasl('PLAIN'), 'ssl.truststore.certificates': null }),
      { sasl: { username: 'alice', password } },
      /TLS with .* failed/,
    ],
  ];
  for (const [what, options, security, said] of refused) {
    test(`${what} is told with broker, mechanism and reason, and not tried again`, async () => {
      let requests = 0;
      const observe = (): void => void requests++;
      await assert.rejects(meet('SECURE', options(), security, { observe }), (error) => {
        assert.ok(isClientError(error));
        assert.equal(error.code, 'AUTHENTICATION', error.message);
        assert.equal(error.broker, `${host}:${ports.get('SECURE')}`);
        assert.equal(error.retriable, false);
        assert.match(error.message, said);
        assert.ok(!error.message.includes(password));
        return true;
      });
      assert.ok(requests <= 4, `${requests} requests`);
    });
  }

  test('mutual TLS, with texts and with files', async () => {
    const protocol = { 'security.protocol': 'SSL', 'ssl.key.password': 'key password' };
    const trust = { 'ssl.truststore.certificates': authority.certificate };
    const texts = { 'ssl.keystore.certificate.chain': user.certificate, 'ssl.keystore.key': user.key };
    await works('MUTUAL', { ...protocol, ...trust, ...texts });
    const [store, ca] = [join(authority.dir, 'store.pem'), join(authority.dir, 'trust.pem')];
    writeFileSync(store, user.key + user.certificate);
    writeFileSync(ca, authority.certificate);
    await works('MUTUAL', { ...protocol, 'ssl.keystore.location': store, 'ssl.truststore.location': ca });
    await works('MUTUAL', { ...protocol, ...trust, ...texts, 'ssl.enabled.protocols': 'TLSv1.2' });
    const own = { ca: authority.certificate, cert: user.certificate, key: user.key, passphrase: 'key password' };
    await works('MUTUAL', { 'security.protocol': 'SSL' }, { tls: own });
  });

  test('mutual TLS with a PKCS12 file, and what is wrong with one', async () => {
    const store = authority.pkcs12('user', user, 'key password', 'store password');
    const options = {
      'security.protocol': 'SSL',
      'ssl.truststore.certificates': authority.certificate,
      'ssl.keystore.type': 'PKCS12',
      'ssl.keystore.location': store,
    };
    await works('MUTUAL', { ...options, 'ssl.keystore.password': 'store password' });
    await assert.rejects(meet('MUTUAL', { ...options, 'ssl.keystore.password': 'another' }), { code: 'CONFIG' });
    await assert.rejects(meet('MUTUAL', { ...options, 'ssl.keystore.type': 'PEM' }), {
      code: 'CONFIG',
      message: /Set ssl\.keystore\.type=PKCS12/,
    });
  });

  test('a client without a certificate is told so', async () => {
    const trust = { 'ssl.truststore.certificates': authority.certificate };
    await assert.rejects(meet('MUTUAL', { 'security.protocol': 'SSL', ...trust }), {
      code: 'AUTHENTICATION',
      message: /certificate/i,
    });
  });

  test('a certificate with another name is refused, unless names do not count', async () => {
    const servers = { 'bootstrap.servers': `localhost:${ports.get('SECURE')}` };
    const security = { sasl: { username: 'alice', password } };
    await assert.rejects(meet('SECURE', { ...sasl('PLAIN'), ...servers }, security), {
      code: 'AUTHENTICATION',
      message: /localhost/,
    });
    await works('SECURE', { ...sasl('PLAIN'), ...servers, 'ssl.endpoint.identification.algorithm': '' }, security);
  });

  test('listeners that expect something else are told apart', async () => {
    const plain = meet('SECURE', { 'request.timeout.ms': 2000, 'default.api.timeout.ms': 3000 });
    await assert.rejects(plain, { message: /this is how TLS refuses/ });
    await assert.rejects(
      meet('PLAINTEXT', { 'security.protocol': 'SSL', 'socket.connection.setup.timeout.ms': 2000 }),
      {
        message: /speak TLS/,
      },
    );
    await assert.rejects(meet('RENEWED', {}), { message: /expects a login/ });
  });

  test('a session is renewed again and again without a new connection', async () => {
    const logins: number[] = [];
    const observe: ClusterOptions['observe'] = ({ api, correlationId }) => {
      if (api === 'saslHandshake') logins.push(correlationId);
    };
    const options = { 'security.protocol': 'SASL_PLAINTEXT', 'sasl.mechanism': 'SCRAM-SHA-512' };
    const cluster = await meet('RENEWED', options, { sasl: { username: 'al=ice,b', password } }, { observe });
    const connection = await cluster.connect(1);
    logins.length = 0;
    while (logins.length < 3) {
      await Promise.all([connection.send('listGroups', {}), connection.send('listGroups', {})]);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.ok(!connection.isClosed);
    await cluster.close();
  });
});

function propertiesOf(authority: Authority, ports: ReadonlyMap<string, number>): Record<string, string> {
  const broker = authority.issue('broker', 'IP:127.0.0.1');
  const oneLine = (pem: string): string => pem.replaceAll('\n', '\\n');
  const address = (name: string): string => `${name}://${host}:${ports.get(name)}`;
  const logins = ['SECURE', 'RENEWED'].map((name) => `listener.name.${name.toLowerCase()}`);
  const escaped = password.replaceAll(
    /[^ -~]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const both = (key: string, value: string): Record<string, string> =>
    Object.fromEntries(logins.map((prefix) => [`${prefix}.${key}`, value]));
  return {
    listeners: [...ports.keys()].map(address).join(','),
    'controller.quorum.voters': `1@${host}:${ports.get('CONTROLLER')}`,
    'listener.security.protocol.map':
      'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,MUTUAL:SSL,SECURE:SASL_SSL,RENEWED:SASL_PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'ssl.keystore.type': 'PEM',
    'ssl.truststore.type': 'PEM',
    'ssl.keystore.certificate.chain': oneLine(broker.certificate),
    'ssl.keystore.key': oneLine(broker.key),
    'ssl.truststore.certificates': oneLine(authority.certificate),
    'listener.name.mutual.ssl.client.auth': 'required',
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    ...both('plain.sasl.jaas.config', `${modules}.plain.PlainLoginModule required user_alice="${escaped}";`),
    ...both('scram-sha-256.sasl.jaas.config', `${modules}.scram.ScramLoginModule required;`),
    ...both('scram-sha-512.sasl.jaas.config', `${modules}.scram.ScramLoginModule required;`),
    ...both(
      'oauthbearer.sasl.jaas.config',
      `${modules}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
    ),
    'listener.name.renewed.connections.max.reauth.ms': '1500',
  };
}
