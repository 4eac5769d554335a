import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MetadataImage } from '../../metadata/image.ts';
import { MetadataHashes, topicHash } from './metadata-hash.ts';
import { xxh3 } from './xxh3.ts';

/** Made with the library that Apache Kafka 4.3.1 uses, of bytes `i * 31 + 7`; one at least for each way through the algorithm. */
const vectors: readonly (readonly [length: number, hash: bigint])[] = [
  [0, 3244421341483603138n],
  [1, 5502495245947142431n],
  [2, -6349423698422726873n],
  [3, 1582743943441612892n],
  [4, -2549016526957988167n],
  [5, -5579736752565435579n],
  [8, -2394039629164210130n],
  [9, -3754995788605292611n],
  [16, 9099606716676871632n],
  [17, 2345212530088924167n],
  [32, 278953543771952198n],
  [33, 1844846513307983686n],
  [64, -2508381663727503547n],
  [65, -381843323958800864n],
  [96, -3295001992457868926n],
  [97, 6981672134384256435n],
  [128, -492175581222641016n],
  [129, -506823097681485574n],
  [160, -3960614606909185566n],
  [240, -3690920546649497853n],
  [241, 809349449570470400n],
  [256, -1403514104434996620n],
  [257, 1364326762217215065n],
  [512, -1170120971253711958n],
  [1023, -1093476622474739461n],
  [1024, 2575082683865311686n],
  [1025, -4566685497618039422n],
  [1088, -6815162950983329211n],
  [2048, 1870957339171033971n],
  [4097, -5541268556740443615n],
];

for (const [length, hash] of vectors) {
  test(`the hash of ${length} bytes is the reference's`, () => {
    assert.equal(xxh3(Buffer.from(Array.from({ length }, (_, index) => (index * 31 + 7) & 0xff))), hash);
  });
}

test('a topic hashes as in Kafka, with and without racks', () => {
  const topic = { name: 'orders', id: '6RMusntXw8M6nURTYJmFjQ', partitions: { length: 3 } };
  assert.equal(topicHash(topic, null), -5688266951858034276n);
  assert.equal(topicHash(topic, 'rack1'), 5799803816471317480n);
});

test("a group's hash follows its topics: which exist, in the order of their names, and how many partitions they have", () => {
  const image = new MetadataImage();
  const hashes = new MetadataHashes(null);
  const grow = (topicId: string, partitionId: number): void =>
    image.replay({ type: 'PartitionRecord', topicId, partitionId, leaderEpoch: 0, partitionEpoch: 0 });
  assert.equal(hashes.of(['a', 'b'], image), 0n);
  image.replay({ type: 'TopicRecord', name: 'a', topicId: 'AAAAAAAAAAAAAAAAAAAAAQ' });
  const one = hashes.of(['a', 'b'], image);
  assert.notEqual(one, 0n);
  grow('AAAAAAAAAAAAAAAAAAAAAQ', 0);
  assert.notEqual(hashes.of(['a'], image), one);
  image.replay({ type: 'TopicRecord', name: 'b', topicId: 'AAAAAAAAAAAAAAAAAAAAAg' });
  assert.equal(hashes.of(['b', 'a'], image), hashes.of(['a', 'b'], image));
  image.replay({ type: 'RemoveTopicRecord', topicId: 'AAAAAAAAAAAAAAAAAAAAAQ' });
  assert.equal(hashes.of(['b', 'a'], image), hashes.of(['b'], image));
});
