/** Topics whose values are checked by zod, valibot and arktype themselves: types at compile time, values on their way through a broker. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import { Consumer, isClientError, json, Producer, ShareConsumer, strings } from '@millrace/client';
import { type } from 'arktype';
import * as v from 'valibot';
import { z } from 'zod';

import { stageTopic } from './consumer-stage.ts';
import { openTarget, type Target } from './target.ts';

/** What is sent: a time as text, and a note that may be left out. What is read: a time, and a note always. */
interface Sent {
  at: string;
  lines: { sku: string }[];
  note?: string | undefined;
}
interface Read {
  at: Date;
  lines: { sku: string }[];
  note: string;
}

const ofZod = z.object({
  at: z.string().transform((text) => new Date(text)),
  lines: z.array(z.object({ sku: z.string() })),
  note: z.string().default('none'),
});
const ofValibot = v.object({
  at: v.pipe(
    v.string(),
    v.transform((text) => new Date(text)),
  ),
  lines: v.array(v.object({ sku: v.string() })),
  note: v.optional(v.string(), 'none'),
});
const ofArktype = type({
  '+': 'delete',
  at: type('string').pipe((text) => new Date(text)),
  lines: type({ sku: 'string' }).array(),
  note: "string = 'none'",
});

const serdes = { zod: json(ofZod), valibot: json(ofValibot), arktype: json(ofArktype) };

/** Boxed, for a union would be looked at part by part. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

/** Never called: the compiler is the test. */
export async function typed(target: Target): Promise<void> {
  const topics = {
    zod: { key: strings, value: serdes.zod },
    valibot: { value: serdes.valibot },
    arktype: { value: serdes.arktype },
  } as const;
  const options = { 'bootstrap.servers': target.bootstrap, topics };
  const producer = new Producer(options);
  const value = { at: '2026-01-01', lines: [] } satisfies Sent;
  for (const topic of ['zod', 'valibot', 'arktype'] as const) await producer.send({ topic, value });
  // @ts-expect-error -- what is sent is a text, what is read a time
  void producer.send({ topic: 'zod', value: { at: new Date(), lines: [] } });
  // @ts-expect-error -- the same
  void producer.send({ topic: 'valibot', value: { at: new Date(), lines: [] } });
  // @ts-expect-error -- the same
  void producer.send({ topic: 'arktype', value: { at: new Date(), lines: [] } });
  // @ts-expect-error -- lines are not left out
  void producer.send({ topic: 'zod', value: { at: '2026-01-01' } });
  // @ts-expect-error -- the same
  void producer.send({ topic: 'valibot', value: { at: '2026-01-01' } });
  // @ts-expect-error -- the same
  void producer.send({ topic: 'arktype', value: { at: '2026-01-01' } });
  // @ts-expect-error -- a key of strings is no number
  void producer.send({ topic: 'zod', key: 1, value });

  for await (const record of new Consumer(options)) {
    if (record.topic === 'zod') void (true satisfies Same<typeof record.value, Read | null>);
    if (record.topic === 'valibot') void (true satisfies Same<typeof record.value, Read | null>);
    if (record.topic === 'arktype') void (true satisfies Same<typeof record.value, Read | null>);
    // @ts-expect-error -- a time has no length
    void record.value?.at.length;
  }
  for await (const { value: read } of new ShareConsumer(options)) void (true satisfies Same<typeof read, Read | null>);
}

suite('a topic with the schema of', () => {
  let target: Target;
  before(async () => (target = await openTarget()));
  after(async () => await target[Symbol.asyncDispose]());

  /** Both doors of a topic with this serde, and one that writes what it likes. */
  async function open<const S extends (typeof serdes)[keyof typeof serdes]>(serde: S) {
    const { topic, partitions } = await stageTopic(target);
    const servers = { 'bootstrap.servers': target.bootstrap };
    const topics = { [topic]: { value: serde } };
    const producer = new Producer({ ...servers, topics });
    const careless = new Producer(servers);
    const consumer = new Consumer({ ...servers, topics, 'auto.offset.reset': 'earliest', 'fetch.max.wait.ms': 100 });
    const careful = new Consumer({ ...servers, 'auto.offset.reset': 'earliest', 'fetch.max.wait.ms': 100 });
    await consumer.assign(partitions);
    await careful.assign(partitions);
    const doors = [producer, careless, consumer, careful];
    const close = async (): Promise<void> => void (await Promise.all(doors.map((door) => door.close())));
    return { topic, producer, careless, consumer, careful, [Symbol.asyncDispose]: close };
  }

  const first = async <T>(records: AsyncIterable<T>): Promise<T> => {
    for await (const record of records) return record;
    return assert.fail('there is no record');
  };

  /** The path and the message that each library has for an article that is a number. */
  const complaints: Readonly<Record<keyof typeof serdes, string>> = {
    zod: 'lines.1.sku: Invalid input: expected string, received number',
    valibot: 'lines.1.sku: Invalid type: Expected string but received 5',
    arktype: 'lines.1.sku: lines[1].sku must be a string (was a number)',
  };
  const wrong = { at: '2026-01-01T00:00:00Z', lines: [{ sku: 'a' }, { sku: 5 }] };

  for (const [library, serde] of Object.entries(serdes) as [keyof typeof serdes, (typeof serdes)['zod']][]) {
    test(`${library}: what is sent is checked and written as it is, what is read is converted`, async () => {
      await using stage = await open(serde);
      const { topic, producer, consumer, careful } = stage;
      const value = { at: '2026-01-01T00:00:00Z', lines: [{ sku: 'a', secret: 1 }], left: 'out' };
      await producer.send({ topic, value });
      assert.equal((await first(careful)).value?.toString(), JSON.stringify(value));
      const read = (await first(consumer)).value;
      assert.deepEqual(read!.at, new Date('2026-01-01T00:00:00Z'));
      assert.equal(read!.note, 'none');
      assert.ok(!('left' in read!));
    });

    test(`${library}: an invalid value is refused on both sides, with path and message`, async () => {
      await using stage = await open(serde);
      const { topic, producer, careless, consumer } = stage;
      const refused = (error: unknown): true => {
        assert.ok(isClientError(error));
        assert.equal(error.code, 'SERIALIZATION');
        assert.equal(error.retriable, false);
        assert.ok(error.message.includes(complaints[library]), error.message);
        assert.ok(error.message.includes(topic));
        return true;
      };
      await assert.rejects(producer.send({ topic, value: wrong as never }), refused);
      const { offset } = await careless.send({ topic, value: JSON.stringify(wrong) });
      assert.equal(offset, 0n, 'what was refused was not written');
      await assert.rejects(first(consumer), refused);
      await producer.send({ topic, value: { at: '2026-01-01T00:00:00Z', lines: [] } });
      consumer.seek({ topic, partition: 0 }, 1n);
      assert.deepEqual((await first(consumer)).value?.lines, []);
    });
  }

  const isFree = async (name: string): Promise<boolean> => {
    await new Promise(setImmediate);
    return name !== 'taken';
  };
  const late = {
    zod: json(z.object({ name: z.string().refine(isFree, 'name is taken') })),
    valibot: json(v.objectAsync({ name: v.pipeAsync(v.string(), v.checkAsync(isFree, 'name is taken')) })),
  };
  for (const [library, serde] of Object.entries(late)) {
    test(`${library}: a validator that takes its time is waited for, and order is kept`, async () => {
      const { topic, partitions } = await stageTopic(target);
      const options = { 'bootstrap.servers': target.bootstrap, topics: { [topic]: { value: serde } } };
      await using producer = new Producer(options);
      await using consumer = new Consumer({ ...options, 'auto.offset.reset': 'earliest', 'fetch.max.wait.ms': 100 });
      const ends = await Promise.allSettled(
        ['a', 'taken', 'b'].map((name) => producer.send({ topic, value: { name } })),
      );
      assert.deepEqual(
        ends.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled'],
      );
      assert.match(String((ends[1] as PromiseRejectedResult).reason), /name: name is taken/);
      await consumer.assign(partitions);
      const names: (string | undefined)[] = [];
      for await (const { value } of consumer) if (names.push(value?.name) === 2) break;
      assert.deepEqual(names, ['a', 'b']);
    });
  }
});
