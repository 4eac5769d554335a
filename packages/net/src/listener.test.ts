import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';

import { isMillraceError, nodeHost } from '@millrace/base';

import type { Admission } from './admission.ts';
import type { ConnectionOwner } from './connection.ts';
import { Listener } from './listener.ts';
import { ReceiveBudget } from './receive-budget.ts';

const { clock, timers, network } = nodeHost();

function echo(closed: () => void = () => {}): ConnectionOwner {
  return {
    frame: (connection, bytes, start, end) => connection.send([Buffer.from(bytes.subarray(start - 4, end))]),
    readEnded: (connection) => connection.flush(),
    refused: () => {},
    closed,
  };
}

/** Lets in as many as there is room for. */
class Rooms implements Admission {
  room: number;
  refusal: number | undefined = undefined;
  refusedCount = 0;
  readonly #callbacks: (() => void)[] = [];

  constructor(room: number) {
    this.room = room;
  }

  arrived(): number {
    return 0;
  }

  hasRoom(): boolean {
    return this.room > 0;
  }

  refusalMs(): number | undefined {
    return this.refusal;
  }

  refused(): void {
    this.refusedCount++;
  }

  entered(): void {
    this.room--;
  }

  left(): void {
    this.room++;
    for (const callback of this.#callbacks) callback();
  }

  onRoom(callback: () => void): void {
    this.#callbacks.push(callback);
  }
}

async function listening(): Promise<Listener> {
  const listener = new Listener({
    listenerName: 'PLAINTEXT',
    host: '127.0.0.1',
    port: 0,
    backlog: 50,
    idleMsMax: 0,
    frameBytesMax: 1 << 20,
    unsentBytesMax: 1 << 22,
    budget: new ReceiveBudget(1 << 24),
    clock,
    timers,
    network,
  });
  await listener.listen();
  return listener;
}

async function echoed(port: number, body: Buffer): Promise<Buffer> {
  const socket = net.connect(port, '127.0.0.1');
  const head = Buffer.alloc(4);
  head.writeInt32BE(body.length);
  socket.write(Buffer.concat([head, body]));
  const chunks: Buffer[] = [];
  let count = 0;
  for await (const chunk of socket) {
    chunks.push(chunk as Buffer);
    count += (chunk as Buffer).length;
    if (count >= body.length + 4) break;
  }
  socket.destroy();
  return Buffer.concat(chunks).subarray(4);
}

test('a large frame comes back unharmed', async () => {
  const listener = await listening();
  listener.open(echo(), new Rooms(100));
  const body = Buffer.from(Array.from({ length: 700_000 }, (_, i) => i & 0xff));
  assert.deepEqual(await echoed(listener.port, body), body);
  listener.stop();
  listener.destroyConnections();
});

test('a client that connects before the broker is open is answered afterwards', async () => {
  const listener = await listening();
  const answer = echoed(listener.port, Buffer.from('early'));
  await new Promise((resolve) => setImmediate(resolve));
  listener.open(echo(), new Rooms(100));
  assert.equal((await answer).toString(), 'early');
  listener.stop();
  listener.destroyConnections();
});

test('a busy port is one sentence that says what to do', async () => {
  const listener = await listening();
  const second = new Listener({
    listenerName: 'OTHER',
    host: '127.0.0.1',
    port: listener.port,
    backlog: 50,
    idleMsMax: 0,
    frameBytesMax: 1024,
    unsentBytesMax: 1024,
    budget: new ReceiveBudget(1 << 24),
    clock,
    timers,
    network,
  });
  await assert.rejects(
    second.listen(),
    (error) => isMillraceError(error) && error.code === 'IN_USE' && error.message.includes('listeners='),
  );
  listener.stop();
});

test('a connection that finds no room is answered when another has left', async () => {
  const listener = await listening();
  listener.open(echo(), new Rooms(1));
  const first = net.connect(listener.port, '127.0.0.1');
  await once(first, 'connect');
  let isAnswered = false;
  const second = echoed(listener.port, Buffer.from('x')).then((answer) => {
    isAnswered = true;
    return answer;
  });
  // The first is served meanwhile, again and again.
  for (let time = 0; time < 5; time++) {
    first.write(Buffer.from([0, 0, 0, 1, 65]));
    await once(first, 'data');
  }
  assert.equal(isAnswered, false);
  first.destroy();
  assert.equal((await second).toString(), 'x');
  listener.stop();
  listener.destroyConnections();
});

test('a connection that is refused is closed, at once or after a while', async () => {
  for (const refusal of [0, 10]) {
    const rooms = new Rooms(1);
    rooms.refusal = refusal;
    const listener = await listening();
    listener.open(echo(), rooms);
    const socket = net.connect(listener.port, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'close');
    assert.deepEqual([rooms.room, rooms.refusedCount], [1, 1]);
    listener.stop();
  }
});

test('the owner hears that a client is gone', async () => {
  const gone = Promise.withResolvers<void>();
  const listener = await listening();
  listener.open(echo(gone.resolve), new Rooms(100));
  await echoed(listener.port, Buffer.from('x'));
  await gone.promise;
  assert.equal(listener.connectionCount, 0);
  listener.stop();
});
