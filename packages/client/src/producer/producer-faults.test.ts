/** What a producer makes of brokers that fail: nothing lost, nothing twice, order kept, and errors that say what happened. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { errors } from '@millrace/protocol';
import fc from 'fast-check';

import type { ClientError } from '../error.ts';
import { type Fault, type FaultPlace, ProducerStage } from './producer-stage.ts';
import type { ProducerOptions } from './producer.ts';
import type { RecordMetadata } from './record-metadata.ts';

const codeOf = (error: unknown): string => (error as ClientError).code;

async function outcomes(sends: readonly Promise<RecordMetadata>[]): Promise<string[]> {
  return (await Promise.allSettled(sends)).map((end) =>
    end.status === 'fulfilled' ? `${end.value.offset}` : codeOf(end.reason),
  );
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `v${index}`);

/** The first of these for the first batches, one after the other. */
function inTurn(...faults: readonly (Fault | undefined)[]): (place: FaultPlace) => Fault | undefined {
  return ({ tries }) => faults[tries - 1];
}

/** Batches of three records. */
const small: ProducerOptions = { 'batch.size': 95 };

suite('a producer and its brokers', () => {
  test('send a batch again after errors that pass, an answer that was lost, and a connection that ended', async () => {
    const stage = new ProducerStage();
    stage.fault = inTurn(
      { code: errors.NOT_ENOUGH_REPLICAS },
      'append and close',
      { code: errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND, isAppended: true },
      'close',
    );
    await using producer = stage.producer(small);
    const sends = numbered(20).map((value) => producer.send({ topic: 't', value }));
    assert.deepEqual(
      await outcomes(sends),
      numbered(20).map((_, index) => `${index}`),
    );
    assert.deepEqual(stage.partitions[0]!.values, numbered(20));
  });

  test('keep order and lose nothing, whatever fails and wherever leaders go', async () => {
    const fault = fc.constantFrom<Fault | 'move' | undefined>(
      undefined,
      undefined,
      undefined,
      'move',
      'close',
      'append and close',
      { code: errors.NOT_LEADER_OR_FOLLOWER },
      { code: errors.NOT_ENOUGH_REPLICAS },
      { code: errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND, isAppended: true },
      { code: errors.REQUEST_TIMED_OUT, isAppended: true },
      { code: errors.REQUEST_TIMED_OUT },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fault, { maxLength: 25 }), fc.integer({ min: 1, max: 5 }), async (faults, inFlight) => {
        const stage = new ProducerStage(2, 2);
        const left = [...faults];
        stage.fault = ({ partition }) => {
          const next = left.shift();
          if (next === 'move') stage.move(partition);
          return next === 'move' ? undefined : next;
        };
        await using producer = stage.producer({ ...small, 'max.in.flight.requests.per.connection': inFlight });
        const values = numbered(60);
        const sends = values.map((value, index) => producer.send({ topic: 't', value, partition: index % 2 }));
        const ends = await outcomes(sends);
        for (const partition of [0, 1]) {
          const mine = values.filter((_, index) => index % 2 === partition);
          assert.deepEqual(stage.partitions[partition]!.values, mine);
          assert.deepEqual(
            ends.filter((_, index) => index % 2 === partition),
            mine.map((_, index) => `${index}`),
          );
        }
      }),
      { numRuns: 40 },
    );
  });

  test('fail only what was refused for good, and what is behind it goes on in order', async () => {
    const stage = new ProducerStage();
    stage.fault = ({ tries }) => (tries === 2 ? { code: errors.TOPIC_AUTHORIZATION_FAILED } : undefined);
    await using producer = stage.producer(small);
    await producer.send({ topic: 't', value: 'first' });
    const sends = numbered(12).map((value) => producer.send({ topic: 't', value }));
    const ends = await outcomes(sends);
    const failed = ends.filter((end) => end === 'TOPIC_AUTHORIZATION_FAILED').length;
    assert.ok(failed > 0 && failed < 12, `${failed} failed`);
    assert.deepEqual(ends.slice(0, failed), ends.slice(0, failed).fill('TOPIC_AUTHORIZATION_FAILED'));
    assert.deepEqual(stage.partitions[0]!.values, ['first', ...numbered(12).slice(failed)]);
  });

  test('begin anew under a newer epoch when the broker has forgotten them', async () => {
    const stage = new ProducerStage();
    await using producer = stage.producer(small);
    await producer.send({ topic: 't', value: 'a' });
    for (const code of [errors.UNKNOWN_PRODUCER_ID, errors.OUT_OF_ORDER_SEQUENCE_NUMBER]) {
      const { tries } = stage.partitions[0]!;
      stage.fault = (place) => (place.tries === tries + 1 ? { code } : undefined);
      await producer.send({ topic: 't', value: `${code}` });
    }
    assert.deepEqual(stage.partitions[0]!.values, ['a', '59', '45']);
    assert.deepEqual(
      [...stage.partitions[0]!.producers.values()].map(({ epoch }) => epoch),
      [2],
    );
    assert.equal(stage.count('initProducerId'), 1);
  });

  test('go to the leader that an answer names, without asking who it is', async () => {
    const stage = new ProducerStage(2);
    stage.hasOldMetadata = true;
    await using producer = stage.producer();
    await producer.send({ topic: 't', value: 'a' });
    stage.move(0);
    await producer.send({ topic: 't', value: 'b' });
    assert.deepEqual(stage.partitions[0]!.values, ['a', 'b']);
    assert.equal(stage.brokers[1]!.count('produce'), 1);
  });

  test('count a batch as sent that the broker has seen before', async () => {
    const stage = new ProducerStage();
    stage.fault = inTurn({ code: errors.DUPLICATE_SEQUENCE_NUMBER });
    await using producer = stage.producer();
    assert.equal((await producer.send({ topic: 't', value: 'x' })).offset, -1n);
  });

  test('give up after delivery.timeout.ms, and what comes later is neither lost nor doubled', async () => {
    const stage = new ProducerStage();
    await using producer = stage.producer({ ...small, 'delivery.timeout.ms': 60, 'request.timeout.ms': 40 });
    await producer.send({ topic: 't', value: 'first' });
    let isAppending = true;
    stage.fault = () => {
      if (!isAppending) return { code: errors.NOT_ENOUGH_REPLICAS };
      isAppending = false;
      return { code: errors.REQUEST_TIMED_OUT, isAppended: true };
    };
    await assert.rejects(producer.send({ topic: 't', value: 'doubtful' }), (error: ClientError) => {
      assert.equal(error.code, 'TIMEOUT');
      assert.match(error.message, /delivery\.timeout\.ms \(60\).*may have been written/);
      assert.match(codeOf(error.cause), /^(NOT_ENOUGH_REPLICAS|REQUEST_TIMED_OUT)$/);
      return true;
    });
    stage.fault = () => undefined;
    await producer.send({ topic: 't', value: 'after' });
    assert.deepEqual(stage.partitions[0]!.values, ['first', 'doubtful', 'after']);
  });

  test('give up after `retries`, without idempotence', async () => {
    const stage = new ProducerStage();
    stage.fault = () => ({ code: errors.NOT_ENOUGH_REPLICAS });
    await using producer = stage.producer({ retries: 2, 'enable.idempotence': false });
    await assert.rejects(producer.send({ topic: 't', value: 'x' }), { code: 'NOT_ENOUGH_REPLICAS' });
    assert.equal(stage.partitions[0]!.tries, 3);
  });

  test('halve a batch that is too large until it fits', async () => {
    const stage = new ProducerStage();
    stage.fault = ({ bytes }) => (bytes > 200 ? { code: errors.MESSAGE_TOO_LARGE } : undefined);
    await using producer = stage.producer();
    const values = numbered(50);
    const sent = await producer.send(values.map((value) => ({ topic: 't', value })));
    assert.deepEqual(stage.partitions[0]!.values, values);
    assert.deepEqual(
      sent.map(({ offset }) => Number(offset)),
      values.map((_, index) => index),
    );
  });

  test('name the records that were refused', async () => {
    const stage = new ProducerStage();
    const recordErrors = [{ batchIndex: 1, batchIndexErrorMessage: 'not nice' }];
    stage.fault = inTurn({ code: errors.INVALID_RECORD, recordErrors });
    await using producer = stage.producer();
    const [beside, refused] = await Promise.allSettled([
      producer.send({ topic: 't', value: 'a' }),
      producer.send({ topic: 't', value: 'b' }),
    ]);
    assert.match(String((beside as PromiseRejectedResult).reason), /refused others of its batch/);
    assert.match(String((refused as PromiseRejectedResult).reason), /not nice/);
  });

  test('have at most so many requests in flight, and so many bytes in one', async () => {
    const stage = new ProducerStage();
    let waiting = 0;
    let most = 0;
    const broker = stage.brokers[0]!;
    const script = broker.script;
    broker.script = async (request) => {
      if (request.name !== 'produce') return await script(request);
      most = Math.max(most, ++waiting);
      await new Promise(setImmediate);
      waiting--;
      return await script(request);
    };
    await using producer = stage.producer({ ...small, 'max.in.flight.requests.per.connection': 2 });
    await producer.send({ topic: 't', value: 'first' });
    await producer.send(numbered(60).map((value) => ({ topic: 't', value })));
    assert.equal(most, 2);
  });

  test('let records wait for company while an answer is due, up to 64 KiB', async () => {
    const stage = new ProducerStage();
    await using producer = stage.producer();
    await producer.send({ topic: 't', value: 'first' });
    const broker = stage.brokers[0]!;
    const script = broker.script;
    const { promise, resolve } = Promise.withResolvers<void>();
    broker.script = async (request) => {
      if (request.name === 'produce') await promise;
      return await script(request);
    };
    const before = broker.count('produce');
    const sent: Promise<unknown>[] = [];
    const send = async (value: string): Promise<number> => {
      sent.push(producer.send({ topic: 't', value }));
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
      return broker.count('produce') - before;
    };
    assert.equal(await send('0'), 1);
    const values = ['0'];
    for (let bytes = 0; bytes + 10_000 < 65_536; bytes += 10_000) {
      values.push(`${bytes}`.padEnd(9990));
      assert.equal(await send(values.at(-1)!), 1, `${bytes} bytes wait`);
    }
    values.push('last'.padEnd(9990));
    assert.equal(await send(values.at(-1)!), 2);
    resolve();
    await Promise.all(sent);
    assert.deepEqual(stage.partitions[0]!.values, ['first', ...values]);
  });

  test('stop a sender whose buffer stays full, and tell so', async () => {
    const stage = new ProducerStage();
    await using producer = stage.producer({ 'buffer.memory': 4000, 'max.block.ms': 30, 'batch.size': 1000 });
    await producer.send({ topic: 't', value: 'first' });
    let isHolding = true;
    const broker = stage.brokers[0]!;
    const script = broker.script;
    const { promise, resolve } = Promise.withResolvers<void>();
    broker.script = async (request) => {
      if (request.name === 'produce' && isHolding) await promise;
      return await script(request);
    };
    const sends = Array.from({ length: 12 }, (_, index) =>
      producer.send({ topic: 't', value: `${index}`.padEnd(900) }),
    );
    const settled = outcomes(sends);
    await assert.rejects(sends.at(-1)!, { code: 'BUFFER_FULL', retriable: true });
    isHolding = false;
    resolve();
    const ends = await settled;
    const taken = ends.filter((end) => end !== 'BUFFER_FULL').length;
    assert.ok(taken > 1 && taken < 12, `${taken} were taken`);
    assert.equal(stage.partitions[0]!.values.length, taken + 1);
    assert.equal(producer.metrics()['buffer-available-bytes'], 4000);
    assert.equal(producer.metrics()['buffer-exhausted-total'], 12 - taken);
  });

  test('fail what is left when they are closed in a hurry', async () => {
    const stage = new ProducerStage();
    const producer = stage.producer();
    await producer.send({ topic: 't', value: 'first' });
    stage.fault = () => 'silence';
    const sent = outcomes([producer.send({ topic: 't', value: 'x' })]);
    await producer.close({ timeoutMs: 10 });
    assert.deepEqual(await sent, ['CLOSED']);
  });

  test('never write into memory that a socket still holds', async () => {
    const stage = new ProducerStage();
    await using producer = stage.producer({ 'batch.size': 16_384 });
    const held: { readonly chunk: Uint8Array; readonly copy: Buffer }[] = [];
    const broker = stage.brokers[0]!;
    const connect = broker.connect.bind(broker);
    broker.connect = () => {
      const socket = connect();
      const write = socket.write.bind(socket);
      // A socket that never gets rid of its bytes, although answers come.
      let unsentBytes = 0;
      Object.defineProperty(socket, 'unsentBytes', { get: () => unsentBytes });
      socket.write = (chunks, taken) => {
        for (const chunk of chunks) {
          held.push({ chunk, copy: Buffer.from(chunk) });
          unsentBytes += chunk.length;
        }
        write(chunks, taken);
      };
      return socket;
    };
    for (let round = 0; round < 5; round++)
      await producer.send(Array.from({ length: 200 }, () => ({ topic: 't', value: `${round}`.repeat(100) })));
    assert.ok(held.length > 5);
    for (const { chunk, copy } of held) assert.ok(copy.equals(chunk));
  });
});
