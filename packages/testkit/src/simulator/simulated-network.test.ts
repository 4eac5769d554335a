import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Socket } from '@millrace/base';

import { Chance } from './chance.ts';
import { History } from './history.ts';
import { Life } from './life.ts';
import { SimulatedNetwork } from './simulated-network.ts';
import { VirtualTime } from './virtual-time.ts';

/** The broker's side: what it received, and a way to answer. */
class Peer {
  received = Buffer.alloc(0);
  isClosed = false;
  socket: Socket | undefined;
  readonly #target = Buffer.alloc(7);

  accept(socket: Socket): void {
    this.socket = socket;
    socket.begin({
      buffer: () => this.#target,
      received: (count) => (this.received = Buffer.concat([this.received, this.#target.subarray(0, count)])),
      drained: () => {},
      closed: () => (this.isClosed = true),
    });
  }
}

async function connected() {
  const time = new VirtualTime();
  const chance = new Chance(1);
  const life = new Life(1);
  const network = new SimulatedNetwork({ time, chance, history: new History(time), life: () => life });
  const peer = new Peer();
  await network.listen({ host: '', port: 1, backlog: 1 }, (socket) => peer.accept(socket));
  const connecting = network.connect(1);
  while (await time.turn());
  const connection = await connecting;
  assert.ok(connection);
  return { time, network, peer, life, connection };
}

test('bytes arrive in order and whole, in pieces of any size', async () => {
  const { time, peer, connection } = await connected();
  const sent = Buffer.from(Array.from({ length: 500 }, (_, index) => index & 0xff));
  for (let from = 0; from < 500; from += 100) connection.send(sent.subarray(from, from + 100));
  while (await time.turn());
  assert.deepEqual(peer.received, sent);
});

test('an answer holds its chunks until it leaves', async () => {
  const { time, peer, connection } = await connected();
  const chunk = Buffer.from('answer');
  let taken = 0;
  let heard = '';
  connection.onBytes = (bytes) => (heard += bytes.toString());
  peer.socket?.write([chunk, chunk], () => taken++);
  assert.equal(peer.socket?.unsentBytes, 12);
  assert.equal(taken, 0);
  while (await time.turn());
  assert.deepEqual([heard, taken, peer.socket?.unsentBytes], ['answeranswer', 1, 0]);
});

test('a reset is heard on both sides, and nothing after it', async () => {
  const { time, peer, connection } = await connected();
  let isClosed = false;
  connection.onClosed = () => (isClosed = true);
  connection.send(Buffer.from('lost'));
  connection.reset();
  while (await time.turn());
  assert.deepEqual([isClosed, peer.isClosed, peer.received.length], [true, true, 0]);
});

test('when the process ends nobody listens, and its side hears nothing any more', async () => {
  const { time, network, peer, life, connection } = await connected();
  life.isOver = true;
  network.processEnds();
  while (await time.turn());
  assert.deepEqual([connection.isClosed, peer.isClosed], [true, false]);
  const again = network.connect(1);
  while (await time.turn());
  assert.equal(await again, undefined);
});
