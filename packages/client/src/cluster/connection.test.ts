import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { silentLogger } from '@millrace/base';
import { dialScripted, everyVersion, type Script, ScriptedBroker, TestHost } from '@millrace/testkit';

import type { ClientHost } from '../client-host.ts';
import { ClientError } from '../error.ts';
import { Connection, type ConnectionOptions } from './connection.ts';

interface Stage {
  readonly host: TestHost;
  readonly broker: ScriptedBroker;
  readonly open: (options?: Partial<ConnectionOptions>) => Promise<Connection>;
}

function stage(script: Script): Stage {
  const host = new TestHost();
  const broker = new ScriptedBroker(script);
  const clientHost: ClientHost = {
    clock: host.clock,
    timers: host.timers,
    random: host.random,
    log: silentLogger,
    dial: dialScripted(new Map([['broker:9092', broker]])),
  };
  const open = (options: Partial<ConnectionOptions> = {}): Promise<Connection> =>
    Connection.open({
      host: clientHost,
      address: { host: 'broker', port: 9092, timeoutMs: 1000 },
      clientId: 'test',
      requestTimeoutMs: 1000,
      frameBytesMax: 1 << 20,
      ...options,
    });
  return { host, broker, open };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const everything = { topics: null, allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false };
const noTopics = { brokers: [], clusterId: 'c', controllerId: 1, topics: [] };
const frameOf = (bytes: number, body: Uint8Array): Buffer => {
  const frame = Buffer.alloc(4 + body.length);
  frame.writeInt32BE(bytes);
  frame.set(body, 4);
  return frame;
};

suite('connection', () => {
  test('gives answers back in the order of the requests', async () => {
    const { open } = stage(({ name, correlationId }) =>
      name === 'metadata' ? { ...noTopics, controllerId: correlationId } : undefined,
    );
    const connection = await open();
    const answers = await Promise.all([1, 2, 3].map(() => connection.send('metadata', everything)));
    assert.deepEqual(
      answers.map(({ controllerId }) => controllerId),
      [2, 3, 4],
    );
    assert.equal(connection.pendingCount, 0);
    connection.close();
  });

  test('a broker that does not know our version of ApiVersions is asked in the oldest', async () => {
    const { broker, open } = stage(({ name, version }) => {
      if (name !== 'apiVersions') return undefined;
      const answer = { ...everyVersion(), ...(version > 0 && { errorCode: 35, apiKeys: [] }) };
      if (version === 0) return answer;
      // Such a broker answers in version 0, whatever it was asked in.
      const frame = Buffer.alloc(14);
      frame.writeInt32BE(10, 0);
      frame.writeInt32BE(1, 4);
      frame.writeInt16BE(35, 8);
      return frame;
    });
    const connection = await open();
    assert.deepEqual(
      broker.asked.map(({ version }) => version),
      [4, 0],
    );
    assert.ok(connection.versions.has('metadata'));
    connection.close();
  });

  test('an answer that is late ends the connection and all that wait on it, and leaves no timer', async () => {
    const { host, broker, open } = stage(({ name }) => (name === 'metadata' ? 'silence' : undefined));
    const connection = await open();
    const waiting = [
      connection.send('metadata', everything),
      connection.send('metadata', everything, { timeoutMs: 60_000 }),
    ];
    const ends = Promise.all(waiting.map((one) => assert.rejects(one, { code: 'TIMEOUT', message: /broker:9092/ })));
    host.advance(999);
    assert.ok(!connection.isClosed);
    host.advance(1);
    await ends;
    assert.equal((await connection.closed).code, 'TIMEOUT');
    assert.equal(broker.openCount, 0);
  });

  const broken: [what: string, answer: (correlationId: number) => Uint8Array, message: RegExp][] = [
    ['a negative length', () => frameOf(-1, Buffer.alloc(0)), /frame of -1 bytes/],
    ['a length over the limit', () => frameOf(0x7fff_ffff, Buffer.alloc(0)), /frame of 2147483647 bytes/],
    ['no correlation id', () => frameOf(3, Buffer.alloc(3)), /answer of 3 bytes/],
    ['another correlation id', (id) => frameOf(4, Buffer.from([0, 0, 0, id + 1])), /the answer to request/],
    ['an answer that is cut', (id) => frameOf(8, Buffer.from([0, 0, 0, id, 0, 0, 0, 0])), /cannot be read/],
    ['bytes of HTTP', () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), /this is HTTP/],
  ];
  for (const [what, answer, message] of broken) {
    test(`${what} ends the connection with what was sent, and by whom`, async () => {
      const { broker, open } = stage(({ name, correlationId }) =>
        name === 'metadata' ? answer(correlationId) : undefined,
      );
      const connection = await open();
      const second = connection.send('metadata', everything);
      await assert.rejects(second, { code: 'BROKEN_ANSWER', message, broker: 'broker:9092', retriable: false });
      await assert.rejects(connection.send('metadata', everything), { code: 'DISCONNECTED' });
      assert.equal(broker.openCount, 0);
    });
  }

  test('an answer that nobody asked for ends the connection', async () => {
    const { broker, open } = stage(() => undefined);
    const connection = await open();
    broker.connections[0]!.say(frameOf(4, Buffer.from([0, 0, 0, 9])));
    assert.match((await connection.closed).message, /nobody asked for/);
  });

  test('whoever is told of requests cannot harm them', async () => {
    const { open } = stage(({ name }) => (name === 'metadata' ? noTopics : undefined));
    const observe = (): never => {
      throw new Error('a broken metric');
    };
    const connection = await open({ observe });
    await connection.send('metadata', everything);
    assert.ok(!connection.isClosed);
    connection.close();
  });

  test('a broker that hangs up without a word is told with what it may have expected', async () => {
    const silent = stage(() => 'close');
    await assert.rejects(silent.open(), { code: 'DISCONNECTED', message: /expects TLS/ });
    const strict = stage(() => undefined);
    const connection = await strict.open();
    await assert.rejects(connection.send('metadata', everything), { code: 'DISCONNECTED', message: /expects a login/ });
  });
});

suite('a session that ends', () => {
  const sasl = { mechanisms: ['PLAIN'], errorCode: 0 };

  function session(
    onLogin: (count: number) => void | Promise<void> = () => {},
  ): Stage & { openSession: () => Promise<Connection> } {
    let logins = 0;
    const set = stage(({ name }) => {
      if (name === 'saslHandshake') return sasl;
      if (name === 'saslAuthenticate') return { errorCode: 0, errorMessage: null, authBytes: new Uint8Array() };
      return name === 'metadata' ? noTopics : undefined;
    });
    const login = async (connection: Connection): Promise<number> => {
      await onLogin(++logins);
      await connection.send('saslHandshake', { mechanism: 'PLAIN' });
      await connection.send('saslAuthenticate', { authBytes: new Uint8Array(1) });
      return 10_000;
    };
    return { ...set, openSession: () => set.open({ login }) };
  }
  const asked = (broker: ScriptedBroker): string[] => broker.asked.map(({ name }) => name);

  test('is renewed before the next request, and requests in between keep their order', async () => {
    const { host, broker, openSession } = session();
    const connection = await openSession();
    host.advance(8000);
    await connection.send('metadata', everything);
    assert.deepEqual(asked(broker).slice(3), ['metadata']);
    host.advance(1500);
    const first = connection.send('metadata', everything);
    const second = connection.send('findCoordinator', { keyType: 0, coordinatorKeys: ['g'] });
    assert.equal(connection.pendingCount, 2);
    await first;
    await assert.rejects(second, { code: 'DISCONNECTED' });
    assert.deepEqual(asked(broker).slice(4), ['saslHandshake', 'saslAuthenticate', 'metadata', 'findCoordinator']);
  });

  test('answers that are on their way when it is renewed arrive', async () => {
    const { host, broker, openSession } = session();
    const connection = await openSession();
    const { promise, resolve } = Promise.withResolvers<object>();
    const { script } = broker;
    broker.script = (request) =>
      request.name === 'metadata' && broker.count('metadata') === 1 ? promise : script(request);
    const slow = connection.send('metadata', everything, { timeoutMs: 60_000 });
    await turn();
    host.advance(9600);
    const next = connection.send('metadata', everything, { timeoutMs: 60_000 });
    await turn();
    resolve({ ...noTopics, clusterId: 'slow' });
    assert.equal((await slow).clusterId, 'slow');
    assert.equal((await next).clusterId, 'c');
    connection.close();
  });

  test('and cannot be renewed ends the connection with the reason', async () => {
    const { host, openSession } = session((count) => {
      if (count > 1) throw new ClientError('AUTHENTICATION', 'The password was changed.');
    });
    const connection = await openSession();
    host.advance(9600);
    await assert.rejects(connection.send('metadata', everything), { code: 'AUTHENTICATION', message: /password/ });
    assert.equal((await connection.closed).code, 'AUTHENTICATION');
  });
});
