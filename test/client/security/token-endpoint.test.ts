// Tokens from an endpoint with a certificate of its own, for a broker that is none: it takes every token and shows what it was given.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:https';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { TLSSocket } from 'node:tls';

import { clientKeys, Cluster, nodeClientHost, readOptions } from '@millrace/client';
import { dialScripted, ScriptedBroker } from '@millrace/testkit';

import { Authority, type Identity } from './certificates.ts';

const module = 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule';

suite('a token endpoint over https', () => {
  let authority: Authority;
  let stranger: Authority;
  let us: Identity;
  before(() => {
    authority = new Authority();
    stranger = new Authority('stranger');
    us = authority.issue('us', 'DNS:us');
  });
  after(() => {
    authority[Symbol.dispose]();
    stranger[Symbol.dispose]();
  });

  const file = (name: string, text: string): string => {
    const path = join(authority.dir, name);
    writeFileSync(path, text);
    return path;
  };

  /** What the broker was told, by a client whose endpoint has a certificate for these names. */
  async function login(
    options: Readonly<Record<string, string>>,
    config: Readonly<Record<string, string>> = {},
    alternatives = 'IP:127.0.0.1',
  ): Promise<string> {
    const tls = authority.issue('endpoint', alternatives);
    const server = createServer(
      { key: tls.key, cert: tls.certificate, ca: authority.certificate, requestCert: true, rejectUnauthorized: false },
      (request, response) => {
        const name = (request.socket as TLSSocket).getPeerCertificate().subject?.CN;
        response.end(JSON.stringify({ access_token: `for-${String(name ?? 'nobody')}`, expires_in: 60 }));
      },
    ).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    let said = '';
    const broker = new ScriptedBroker(({ name, request }) => {
      if (name === 'saslHandshake') return { errorCode: 0, mechanisms: ['OAUTHBEARER'] };
      if (name !== 'saslAuthenticate') return undefined;
      said =
        Buffer.from(request['authBytes'] as Uint8Array)
          .toString()
          .split('\x01')[1] ?? '';
      return { errorCode: 0, errorMessage: null, authBytes: Buffer.alloc(0), sessionLifetimeMs: 0 };
    });
    const jaas = Object.entries(options).map(([name, value]) => ` ${name}="${value}"`);
    try {
      const cluster = new Cluster({
        host: { ...nodeClientHost(), dial: dialScripted(new Map([['b1:9092', broker]])) },
        config: readOptions(clientKeys, {
          'bootstrap.servers': 'b1:9092',
          'security.protocol': 'SASL_PLAINTEXT',
          'sasl.mechanism': 'OAUTHBEARER',
          'sasl.oauthbearer.token.endpoint.url': `https://127.0.0.1:${address.port}/token`,
          'sasl.jaas.config': `${module} required clientId="id" clientSecret="secret"${jaas.join('')};`,
          ...config,
        }),
      });
      await cluster.connect('any').finally(() => cluster.close());
    } finally {
      server.close();
      server.closeAllConnections();
    }
    return said;
  }

  const trust = (): Record<string, string> => ({ 'ssl.truststore.location': file('trust.pem', authority.certificate) });

  test('is trusted by the ssl.* options of sasl.jaas.config, and shown our certificate', async () => {
    assert.equal(await login(trust()), 'auth=Bearer for-nobody');
    const key = file('us.both.pem', `${us.key}\n${us.certificate}`);
    const said = await login({ ...trust(), 'ssl.keystore.type': 'PEM', 'ssl.keystore.location': key });
    assert.equal(said, 'auth=Bearer for-us');
  });

  test('is not trusted by what the system knows, by another authority, or by the keys for brokers', async () => {
    const untrusted = { code: 'UNREACHABLE', message: /No token could be fetched from https:.*certificate/ };
    await assert.rejects(login({}), untrusted);
    await assert.rejects(login({ 'ssl.truststore.location': file('other.pem', stranger.certificate) }), untrusted);
    await assert.rejects(login({}, trust()), untrusted);
  });

  test('has to have the name that it is asked by, whatever the options say', async () => {
    const wrong = { code: 'UNREACHABLE', message: /127\.0\.0\.1/ };
    const options = { ...trust(), 'ssl.endpoint.identification.algorithm': '' };
    await assert.rejects(login(options, {}, 'DNS:elsewhere'), wrong);
  });

  test('options that cannot be used are refused before anybody is asked', async () => {
    const refused = (options: Record<string, string>, message: RegExp): Promise<void> =>
      assert.rejects(login(options), { code: 'CONFIG', message });
    await refused(
      { 'ssl.truststore.location': join(authority.dir, 'nowhere') },
      /ssl\.truststore\.location: .*nowhere/,
    );
    await refused({ 'ssl.truststore.password': 'changeit' }, /ssl\.truststore\.password.*PEM/);
    await refused({ 'ssl.trustore.location': 'x' }, /ssl\.truststore\.location/);
  });
});
