// TLS on Apache Kafka, with and without a certificate of the client and a login: what is let in and what is refused, with kafkajs and the door.

import assert from 'node:assert/strict';
import { connect as connectPlain } from 'node:net';
import { after, before, suite, test } from 'node:test';
import { checkServerIdentity, connect as connectTls, type ConnectionOptions } from 'node:tls';

import * as door from '@millrace/kafkajs';
import kafkajs, { type ISocketFactory, type KafkaConfig } from 'kafkajs';

import { freePort, type KafkaNode, startKafka } from '../../../../tools/reference/kafka-node.ts';
import { Authority, type Identity } from '../../../client/security/certificates.ts';

const host = '127.0.0.1';
const login = { mechanism: 'plain', username: 'alice', password: 'sesame' } as const;
const libraries = { kafkajs, door: door.default as unknown as typeof kafkajs };
const listeners = ['PLAINTEXT', 'OPEN', 'MUTUAL', 'SECURE', 'CONTROLLER'] as const;

type Library = typeof kafkajs;
type Listener = (typeof listeners)[number];
type Settings = Omit<KafkaConfig, 'brokers'> & { readonly at?: string };

suite('TLS', () => {
  const authority = new Authority();
  const ports = new Map<Listener, number>();
  let kafka: KafkaNode;
  let user: Identity;
  let ca: string;

  before(async () => {
    for (const name of listeners) ports.set(name, await freePort());
    const broker = authority.issue('broker', 'IP:127.0.0.1');
    user = authority.issue('client', 'DNS:client', 'key password');
    ca = authority.certificate;
    const oneLine = (pem: string): string => pem.replaceAll('\n', '\\n');
    const plain = 'org.apache.kafka.common.security.plain.PlainLoginModule required';
    kafka = await startKafka({
      heapMb: 320,
      port: ports.get('PLAINTEXT')!,
      properties: {
        listeners: listeners.map((name) => `${name}://${host}:${ports.get(name)}`).join(','),
        'controller.quorum.voters': `1@${host}:${ports.get('CONTROLLER')}`,
        'listener.security.protocol.map':
          'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,OPEN:SSL,MUTUAL:SSL,SECURE:SASL_SSL',
        'inter.broker.listener.name': 'PLAINTEXT',
        'ssl.keystore.type': 'PEM',
        'ssl.truststore.type': 'PEM',
        'ssl.keystore.certificate.chain': oneLine(broker.certificate),
        'ssl.keystore.key': oneLine(broker.key),
        'ssl.truststore.certificates': oneLine(ca),
        'listener.name.mutual.ssl.client.auth': 'required',
        'sasl.enabled.mechanisms': 'PLAIN',
        'listener.name.secure.plain.sasl.jaas.config': `${plain} user_${login.username}="${login.password}";`,
      },
    });
  });

  after(async () => {
    await kafka.kill();
    authority[Symbol.dispose]();
  });

  /** What a program sees that asks for the brokers. */
  async function outcome(library: Library, listener: Listener, { at = host, ...config }: Settings): Promise<string> {
    const admin = new library.Kafka({
      brokers: [`${at}:${ports.get(listener)}`],
      logLevel: library.logLevel.NOTHING,
      retry: { retries: 0, initialRetryTime: 20 },
      connectionTimeout: 3000,
      requestTimeout: 3000,
      ...config,
    }).admin();
    try {
      await admin.connect();
      const { brokers } = await admin.describeCluster();
      return `let in, ${brokers[0]?.port === ports.get(listener)}`;
    } catch (error) {
      const { name, retriable, cause } = error as Error & { retriable?: boolean };
      return `${name}, ${retriable}${cause === undefined ? '' : ` <- ${(cause as Error).name}`}`;
    } finally {
      await admin.disconnect();
    }
  }

  const factory: ISocketFactory = ({ host, port, ssl, onConnect }) =>
    ssl
      ? connectTls({ host, port, ...(host !== '127.0.0.1' && { servername: host }), ...ssl }, onConnect)
      : connectPlain({ host, port }, onConnect);

  const letIn: Record<string, () => [Listener, Settings]> = {
    'an authority as a text': () => ['OPEN', { ssl: { ca } }],
    'an authority as bytes': () => ['OPEN', { ssl: { ca: Buffer.from(ca) } }],
    'a list of authorities': () => ['OPEN', { ssl: { ca: [ca] } }],
    'a broker that is not checked': () => ['OPEN', { ssl: { rejectUnauthorized: false } }],
    'a name that the certificate does not have, and does not need to': () => [
      'OPEN',
      { at: 'localhost', ssl: { ca, checkServerIdentity: () => undefined } },
    ],
    'another check of the name': () => [
      'OPEN',
      { ssl: { ca, checkServerIdentity: (name, certificate) => checkServerIdentity(name || host, certificate) } },
    ],
    'an old version': () => ['OPEN', { ssl: { ca, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } }],
    'a certificate with a password': () => ['MUTUAL', { ssl: { ca, ...identity(), passphrase: 'key password' } }],
    'a name and a password': () => ['SECURE', { ssl: { ca }, sasl: login }],
    'sockets of one’s own': () => ['OPEN', { ssl: { ca }, socketFactory: factory }],
    'sockets of one’s own, and a login': () => ['SECURE', { ssl: { ca }, sasl: login, socketFactory: factory }],
    'sockets of one’s own without TLS': () => ['PLAINTEXT', { socketFactory: factory }],
    'no TLS where none is needed': () => ['PLAINTEXT', { ssl: false }],
  };

  const refused: Record<string, () => [Listener, Settings]> = {
    'an authority that nobody knows': () => ['OPEN', { ssl: true }],
    'an authority that nobody knows, and a login': () => ['SECURE', { ssl: true, sasl: login }],
    'an authority that nobody knows, and sockets of one’s own': () => ['OPEN', { ssl: {}, socketFactory: factory }],
    'a name that the certificate does not have': () => ['OPEN', { at: 'localhost', ssl: { ca } }],
    'a name that is asked for, and not there': () => ['OPEN', { ssl: { ca, servername: 'elsewhere' } }],
    'a check that fails': () => ['OPEN', { ssl: { ca, checkServerIdentity: () => new Error('not that one') } }],
    'no certificate': () => ['MUTUAL', { ssl: { ca } }],
    'no TLS where it is needed': () => ['OPEN', {}],
    'no TLS where it is needed, and a login': () => ['SECURE', { sasl: login }],
    'TLS where there is none': () => ['PLAINTEXT', { ssl: { ca } }],
    'no login where one is needed': () => ['SECURE', { ssl: { ca } }],
  };

  const identity = (): ConnectionOptions => ({ cert: user.certificate, key: user.key });

  for (const [what, given] of Object.entries(letIn)) {
    test(`lets in ${what}`, async () => {
      for (const [name, library] of Object.entries(libraries))
        assert.equal(await outcome(library, ...given()), 'let in, true', name);
    });
  }

  for (const [what, given] of Object.entries(refused)) {
    test(`refuses ${what}`, async () => {
      const [theirs, ours] = await Promise.all(
        Object.values(libraries).map(async (library) => await outcome(library, ...given())),
      );
      assert.doesNotMatch(theirs!, /let in/, `the door: ${ours}`);
      assert.equal(ours, theirs);
    });
  }
});
