/** Which partition a message goes to: the one it names, else by its key, else each in turn. */
import { murmur2 } from '@millrace/client';

import { textOf } from './loose.ts';
import type { PartitionMetadata } from './types/cluster.ts';
import type { ICustomPartitioner, PartitionerArgs } from './types/producer.ts';

export const Partitioners = {
  /** By murmur2 as Java's producer has it. */
  DefaultPartitioner: partitionerBy(murmur2),
  /** As kafkajs had it before 2.0: its murmur2 rounded where it should have wrapped, and data lies where that put it. */
  LegacyPartitioner: partitionerBy(roundedMurmur2),
  JavaCompatiblePartitioner: undefined as unknown as ICustomPartitioner,
};
Partitioners.JavaCompatiblePartitioner = Partitioners.DefaultPartitioner;

type Hash = (key: Uint8Array) => number;

function partitionerBy(hash: Hash): ICustomPartitioner {
  return () => {
    const turns = new Map<string, number>();
    return ({ topic, partitionMetadata, message: { key, partition } }: PartitionerArgs) => {
      if (partition !== null && partition !== undefined) return partition;
      const count = partitionMetadata.length;
      if (key !== null && key !== undefined) return (hash(bytesOf(key)) & 0x7fff_ffff) % count;
      const turn = (turns.get(topic) ?? Math.floor(Math.random() * 0x7fff_ffff)) + 1;
      turns.set(topic, turn);
      const led = ledOf(partitionMetadata);
      const place = turn & 0x7fff_ffff;
      return led.length > 0 ? led[place % led.length]!.partitionId : place % count;
    };
  };
}

/** The same list comes with every message until the topic changes. */
const known = new WeakMap<readonly PartitionMetadata[], readonly PartitionMetadata[]>();

function ledOf(partitions: readonly PartitionMetadata[]): readonly PartitionMetadata[] {
  let led = known.get(partitions);
  if (led === undefined) known.set(partitions, (led = partitions.filter(({ leader }) => leader >= 0)));
  return led;
}

const bytesOf = (key: Buffer | string): Uint8Array => (Buffer.isBuffer(key) ? key : Buffer.from(textOf(key)));

const multiplier = 0x5bd1_e995;
const seed = 0x9747_b28c;

/** murmur2 with products as doubles, and with a whole word begun where only some last bytes are left. */
function roundedMurmur2(key: Uint8Array): number {
  let hash = seed ^ key.length;
  for (let at = 0; at < key.length; at += 4) {
    const byte = (index: number): number => (key[index] ?? 0) & 0xff;
    let word = byte(at) + (byte(at + 1) << 8) + (byte(at + 2) << 16) + (byte(at + 3) << 24);
    word *= multiplier;
    word ^= word >>> 24;
    word *= multiplier;
    hash *= multiplier;
    hash ^= word;
  }
  const whole = key.length & ~3;
  if (whole < key.length) {
    for (let at = key.length - 1; at >= whole; at--) hash ^= (key[at]! & 0xff) << (8 * (at - whole));
    hash *= multiplier;
  }
  hash ^= hash >>> 13;
  hash *= multiplier;
  return hash ^ (hash >>> 15);
}
