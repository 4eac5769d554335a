import assert from 'node:assert/strict';
import { test } from 'node:test';

import { apis, decodeRequest, decodeRequestHeader } from '@millrace/protocol';

import { mutateFrame } from './frame-mutator.ts';
import { randomRequest } from './random-request.ts';
import { seededRandom } from './test-host.ts';

const none = (): undefined => undefined;

test('a random request of any API and version is whole: its decoder reads it to the last byte', () => {
  const random = seededRandom(7);
  let count = 0;
  for (const api of Object.values(apis)) {
    for (let version = api.versions.since; version <= api.versions.until; version++) {
      const { bytes } = randomRequest(random, api, version, none);
      const frame = bytes.subarray(4);
      const header = decodeRequestHeader(frame);
      assert.deepEqual([header.apiKey, header.apiVersion, header.clientId], [api.key, version, 'fuzz']);
      decodeRequest(api, version, frame, header.bodyAt);
      assert.throws(
        () => decodeRequest(api, version, frame.subarray(0, -1), header.bodyAt),
        `${api.name} ${version} does not end where its last byte is`,
      );
      count++;
    }
  }
  assert.ok(count > 200);
});

test('the same seed gives the same frames, another seed others', () => {
  const frames = (seed: number): string[] => {
    const random = seededRandom(seed);
    return Array.from({ length: 50 }, () =>
      mutateFrame(random, randomRequest(random, apis.produce, 9, none)).bytes.toString('hex'),
    );
  };
  assert.deepEqual(frames(1), frames(1));
  assert.notDeepEqual(frames(1), frames(2));
});

test('a spot is where it says: the texts of a frame are found at their spots', () => {
  const random = seededRandom(3);
  const { bytes, spots } = randomRequest(random, apis.metadata, 12, (name) => (name === 'name' ? 'orders' : undefined));
  const texts = spots
    .filter(({ kind }) => kind === 'text')
    .map(({ at, bytes: count }) => bytes.toString('utf8', at, at + count));
  assert.equal(texts[0], 'fuzz');
  assert.ok(texts.slice(1).every((text) => text === 'orders'));
});
