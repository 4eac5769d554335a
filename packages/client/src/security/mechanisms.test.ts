import assert from 'node:assert/strict';
import { createHmac, pbkdf2Sync } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import { suite, test } from 'node:test';

import { nodeClientHost } from '../client-host.ts';
import { isClientError } from '../error.ts';
import { parseJaas } from './jaas.ts';
import { oauthBearer } from './oauth-bearer.ts';
import { plain } from './plain.ts';
import type { SaslExchange } from './sasl-mechanism.ts';
import { scram, type ScramName } from './scram.ts';
import { tokensFrom } from './token-endpoint.ts';

/** Plays the broker: each message of the client's is noted and answered with the next answer. */
function scripted(answers: readonly (string | ((message: string) => string))[]): { sent: string[] } & SaslExchange {
  const sent: string[] = [];
  const send = async (message: Uint8Array): Promise<Buffer> => {
    sent.push(Buffer.from(message).toString());
    const answer = answers[sent.length - 1];
    assert.ok(answer !== undefined, 'the exchange has ended');
    return Buffer.from(typeof answer === 'string' ? answer : answer(sent.at(-1)!));
  };
  return { sent, host: 'broker', port: 9092, send };
}

const user = (username: string, password: string) => async () => ({ username, password });

suite('PLAIN', () => {
  test('sends no identity, the name and the password', async () => {
    const exchange = scripted(['']);
    await plain(user('älice', 's3cret')).authenticate(exchange);
    assert.deepEqual(exchange.sent, ['\0älice\0s3cret']);
  });

  test('a password that would be read as two is refused', async () => {
    await assert.rejects(plain(user('a', 'b\0c')).authenticate(scripted([''])), { code: 'CONFIG' });
  });
});

suite('SCRAM', () => {
  const serverFirst = 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096';
  const serverFinal = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=';
  const example = () => scram('SCRAM-SHA-256', user('user', 'pencil'), () => 'rOprNGfwEbeRWgbNEkqO');

  test('gives the proof of the example in RFC 7677, and believes its server', async () => {
    const exchange = scripted([serverFirst, serverFinal]);
    await example().authenticate(exchange);
    assert.deepEqual(exchange.sent, [
      'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    ]);
  });

  test('a name with the marks of the protocol is written otherwise', async () => {
    const exchange = scripted(['']);
    await assert.rejects(scram('SCRAM-SHA-512', user('a=b,c', 'x'), () => 'N').authenticate(exchange));
    assert.equal(exchange.sent[0], 'n,,n=a=3Db=2Cc,r=N');
  });

  for (const name of ['SCRAM-SHA-256', 'SCRAM-SHA-512'] satisfies ScramName[]) {
    test(`${name} agrees with a server that knows the password, whatever it is made of`, async () => {
      const digest = name === 'SCRAM-SHA-256' ? 'sha256' : 'sha512';
      const password = 'pässwörd ½ 🔑';
      const salt = Buffer.from('salt');
      const salted = pbkdf2Sync(password, salt, 5000, digest === 'sha256' ? 32 : 64, digest);
      let said = '';
      const exchange = scripted([
        (first) => {
          said = `r=${first.slice(first.indexOf(',r=') + 3)}server,s=${salt.toString('base64')},i=5000`;
          return said;
        },
        (final) => {
          const serverKey = createHmac(digest, salted).update('Server Key').digest();
          const text = `${exchange.sent[0]!.slice(3)},${said},${final.slice(0, final.indexOf(',p='))}`;
          return `v=${createHmac(digest, serverKey).update(text).digest('base64')}`;
        },
      ]);
      await scram(name, user('user', password)).authenticate(exchange);
    });
  }

  const refused: [what: string, answers: string[], message: RegExp][] = [
    [
      'an iteration count that would keep us busy',
      [serverFirst.replace('i=4096', 'i=2147483648')],
      /2147483648; 4096 to/,
    ],
    ['an iteration count that hides nothing', [serverFirst.replace('i=4096', 'i=1')], /count of 1;/],
    ['the nonce as we gave it', ['r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'], /nonce/],
    ['another nonce', [serverFirst.replace('r=rO', 'r=rX')], /nonce/],
    ['an extension that must be understood', [`m=x,${serverFirst}`], /no challenge/],
    ['a message without end', [`${serverFirst},${'x'.repeat(10_000)}`], /10087 bytes/],
    ['the proof of somebody else', [serverFirst, serverFinal.replace('v=6', 'v=7')], /no proof/],
    ['no proof', [serverFirst, ''], /no proof/],
    ['an error', [serverFirst, 'e=invalid-proof'], /invalid-proof/],
  ];
  for (const [what, answers, message] of refused) {
    test(`a server that sends ${what} is refused`, async () => {
      await assert.rejects(example().authenticate(scripted(answers)), { code: 'AUTHENTICATION', message });
    });
  }
});

suite('OAUTHBEARER', () => {
  test('sends the token and the extensions', async () => {
    const exchange = scripted(['']);
    await oauthBearer(async () => ({ value: 'abc.def==', extensions: { traceId: '1 2' } })).authenticate(exchange);
    assert.deepEqual(exchange.sent, ['n,,\x01auth=Bearer abc.def==\x01traceId=1 2\x01\x01']);
  });

  test('a refusal is taken note of, and told', async () => {
    const exchange = scripted(['{"status":"invalid_token"}', '']);
    await assert.rejects(oauthBearer(async () => ({ value: 'abc' })).authenticate(exchange), {
      code: 'AUTHENTICATION',
      message: /invalid_token/,
    });
    assert.equal(exchange.sent[1], '\x01');
  });

  test('tokens and extensions that would break the message are refused', async () => {
    const bad = [
      { value: 'a\x01b' },
      { value: '' },
      { value: 'a', extensions: { auth: 'x' } },
      { value: 'a', extensions: { x: '\x01' } },
    ];
    for (const token of bad)
      await assert.rejects(oauthBearer(async () => token).authenticate(scripted([])), isClientError);
  });
});

suite('client credentials', () => {
  const endpoint = {
    clientId: 'id',
    clientSecret: 'secret',
    isEncoded: false,
    scope: 'kafka',
    extensions: {},
    timeoutMs: 5000,
    tls: () => ({}),
  };

  async function served(listener: RequestListener): Promise<{ url: string } & AsyncDisposable> {
    const server = createServer(listener);
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const stop = () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    return { url: `http://127.0.0.1:${address.port}/token`, [Symbol.asyncDispose]: stop };
  }

  test('a token is fetched once, and again when four fifths of its life are over', async () => {
    let count = 0;
    let asked = '';
    await using server = await served((request, response) => {
      request.on('data', (chunk: Buffer) => (asked = `${request.headers.authorization} ${chunk.toString()}`));
      request.on('end', () => response.end(JSON.stringify({ access_token: `token-${++count}`, expires_in: 100 })));
    });
    let nowMs = 0;
    const clock = { monotonic: () => nowMs, now: () => nowMs };
    const host = { ...nodeClientHost(), clock: { ...nodeClientHost().clock, ...clock } };
    const token = tokensFrom({ ...endpoint, url: server.url }, host);
    const together = await Promise.all([token(), token()]);
    assert.deepEqual(
      together.map(({ value }) => value),
      ['token-1', 'token-1'],
    );
    assert.equal(
      asked,
      `Basic ${Buffer.from('id:secret').toString('base64')} grant_type=client_credentials&scope=kafka`,
    );
    nowMs = 79_999;
    assert.equal((await token()).value, 'token-1');
    nowMs = 80_001;
    assert.equal((await token()).value, 'token-2');
  });

  test('name and secret are encoded when that is asked for', async () => {
    let asked: string | undefined;
    await using server = await served((request, response) => {
      asked = request.headers.authorization;
      response.end('{"access_token":"t"}');
    });
    const encoded = { ...endpoint, url: server.url, clientId: 'a b:c', isEncoded: true };
    await tokensFrom(encoded, nodeClientHost())();
    assert.equal(asked, `Basic ${Buffer.from('a+b%3Ac:secret').toString('base64')}`);
  });

  test('a token that is still good is used when no newer one can be had', async () => {
    let status = 200;
    await using server = await served((_, response) => {
      response.writeHead(status).end(JSON.stringify({ access_token: 'good', expires_in: 10 }));
    });
    let nowMs = 0;
    const clock = { ...nodeClientHost().clock, monotonic: () => nowMs };
    const token = tokensFrom({ ...endpoint, url: server.url }, { ...nodeClientHost(), clock });
    await token();
    status = 503;
    nowMs = 9000;
    assert.equal((await token()).value, 'good');
    nowMs = 10_000;
    await assert.rejects(token(), { code: 'AUTHENTICATION', retriable: true, message: /503/ });
  });

  test('answers that hold no token are told without the secret', async () => {
    await using server = await served((_, response) => void response.end('<html>'));
    await assert.rejects(tokensFrom({ ...endpoint, url: server.url }, nodeClientHost())(), (error) => {
      assert.ok(isClientError(error));
      assert.match(error.message, /access_token/);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
    await assert.rejects(tokensFrom({ ...endpoint, url: 'http://127.0.0.1:1/' }, nodeClientHost())(), {
      code: 'UNREACHABLE',
    });
  });

  test('an endless answer is not read to its end', async () => {
    await using server = await served((_, response) => {
      const more = (): void =>
        void (response.write(Buffer.alloc(65_536)) ? setImmediate(more) : response.once('drain', more));
      more();
    });
    await assert.rejects(tokensFrom({ ...endpoint, url: server.url }, nodeClientHost())(), { message: /longer than/ });
  });
});

suite('sasl.jaas.config', () => {
  test('options are read with quotes, without, and with escapes', () => {
    const text = `a.b.PlainLoginModule required
      username="al\\"ice" password='s=c;r et' serviceName=kafka;`;
    assert.deepEqual(
      [...parseJaas(text)],
      [
        ['username', 'al"ice'],
        ['password', 's=c;r et'],
        ['serviceName', 'kafka'],
      ],
    );
  });

  test('what cannot be read is told without what it says', () => {
    const texts = [
      '',
      'X',
      'X required a',
      'X required password=',
      'X required password="secret"',
      'X required a=b; Y',
      'X must a=secret;',
    ];
    for (const text of texts) {
      assert.throws(
        () => parseJaas(text),
        (error) => {
          assert.ok(isClientError(error));
          assert.equal(error.code, 'CONFIG');
          assert.doesNotMatch(error.message, /secret/);
          return true;
        },
      );
    }
  });
});
