import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { allMessages } from './all-messages.ts';
import { apiByKey, apis, type Request, type ResponseInput } from './apis.ts';
import {
  arrayOf,
  includes,
  int32,
  message,
  never,
  nullable,
  string,
  struct,
  type Message,
  type MessageInputOf,
  type MessageOf,
  type Shape,
} from './schema.ts';

suite('the language', () => {
  test('versions are a beginning, a range or a single one', () => {
    const shape = message('Some', '2-5', never, {
      a: string(),
      b: string('3+'),
      c: string('2-4'),
      d: string('5'),
    }).shape;
    const ranges = Object.values(shape).map(({ versions }) => [versions.since, versions.until]);
    assert.deepEqual(ranges, [
      [0, Infinity],
      [3, Infinity],
      [2, 4],
      [5, 5],
    ]);
  });

  test('versions and options come before what a struct or array is made of', () => {
    const tagged = arrayOf('2+', { tag: 3, ignorable: true }, { id: int32() });
    assert.deepEqual([tagged.kind, tagged.versions.since, tagged.tag, tagged.ignorable], ['array', 2, 3, true]);
    assert.deepEqual(Object.keys(tagged.element?.shape ?? {}), ['id']);
    assert.equal(nullable('4+', struct({ default: null }, { id: int32() })).nullable.since, 4);
  });

  test('types follow from the table', () => {
    const some = message('Some', '0-1', 0, {
      id: int32(),
      rack: nullable(string('1+')),
      list: arrayOf({ port: int32({ default: 9092 }) }),
    });
    const read = (value: MessageOf<typeof some>): [number, string | null, readonly { readonly port: number }[]] => [
      value.id,
      value.rack,
      value.list,
    ];
    assert.deepEqual(read({ id: 1, rack: null, list: [] }), [1, null, []]);
    const inputs: MessageInputOf<typeof some>[] = [
      { id: 1, list: [{}] },
      { id: 1, rack: undefined, list: [{ port: 1 }] },
    ];
    // @ts-expect-error a field of every version without a default must be given
    inputs.push({ list: [] });
    // @ts-expect-error there is no such field
    inputs.push({ id: 1, list: [], port: 1 });
    // @ts-expect-error what is not nullable cannot be null
    inputs.push({ id: null, list: [] });
    assert.equal(inputs.length, 5);
  });

  test('what was decoded can be encoded again', () => {
    const echo = (response: ResponseInput<'fetch'>): ResponseInput<'fetch'> => response;
    const request: Request<'heartbeat'> = { groupId: 'g', generationId: 1, memberId: 'm', groupInstanceId: null };
    assert.equal(request.generationId, 1);
    assert.deepEqual(echo({ throttleTimeMs: 0, responses: [] }).responses, []);
  });
});

suite('the tables', () => {
  test('hold 91 APIs, found by key, without the retired 4 to 7', () => {
    const keys = Object.values(apis).map(({ key }) => key);
    assert.deepEqual(keys, [0, 1, 2, 3, ...Array.from({ length: 87 }, (_, index) => index + 8)]);
    for (const api of Object.values(apis)) assert.equal(apiByKey[api.key], api);
    assert.equal(apiByKey[4], undefined);
    assert.equal(apiByKey[95], undefined);
  });

  test('have one unstable version, and name the ports that serve an API', () => {
    assert.deepEqual(
      Object.values(apis).filter(({ latestVersionUnstable }) => latestVersionUnstable),
      [apis.initProducerId],
    );
    assert.deepEqual([...apis.vote.listeners], ['controller']);
    assert.deepEqual([...apis.produce.listeners], ['broker']);
  });

  test('are sound: tags are unique and flexible, a default null may be null, ranges overlap the message', () => {
    for (const each of allMessages().values()) checkShape(each, each.shape, each.name);
  });
});

function checkShape(message: Message, shape: Shape, place: string): void {
  const tags = Object.values(shape).filter(({ tag }) => tag >= 0);
  assert.equal(new Set(tags.map(({ tag }) => tag)).size, tags.length, place);
  for (const [name, field] of Object.entries(shape)) {
    const where = `${place}.${name}`;
    const { since, until } = message.versions;
    const present = Array.from({ length: until - since + 1 }, (_, index) => since + index).filter((version) =>
      includes(field.versions, version),
    );
    assert.notEqual(present.length, 0, where);
    if (field.tag >= 0)
      assert.ok(
        present.every((version) => version >= message.flexibleSince),
        where,
      );
    if (field.fallback === null && field.kind !== 'records')
      assert.ok(
        present.every((version) => includes(field.nullable, version)),
        where,
      );
    const inner = field.shape ?? field.element?.shape;
    if (inner !== undefined) checkShape(message, inner, where);
  }
}
