/**
 * What a group's topics look like, in one number that is stored with its epoch: when it is another one, partitions are to be shared out
 * anew. Byte for byte what Apache Kafka hashes, so that a group goes on undisturbed when a broker takes over the other's directory.
 */
import type { KnownTopic, TopicsView } from '../environment.ts';
import { xxh3 } from './xxh3.ts';

const version = 0;

interface KeptHash {
  readonly topicId: string;
  readonly partitionCount: number;
  readonly hash: bigint;
}

export class MetadataHashes {
  readonly #rack: string | null;
  readonly #kept = new Map<string, KeptHash>();

  /** Where the only replica of every partition lies. */
  constructor(rack: string | null) {
    this.#rack = rack;
  }

  /** Of the topics that exist; 0 where none does. */
  of(names: Iterable<string>, topics: TopicsView): bigint {
    const hashes: bigint[] = [];
    for (const name of [...names].sort()) {
      const topic = topics.topic(name);
      if (topic === undefined) this.#kept.delete(name);
      else hashes.push(this.#hashOf(topic));
    }
    if (hashes.length === 0) return 0n;
    const bytes = Buffer.alloc(8 * hashes.length);
    for (const [index, hash] of hashes.entries()) bytes.writeBigInt64LE(hash, 8 * index);
    return xxh3(bytes);
  }

  #hashOf(topic: KnownTopic): bigint {
    const kept = this.#kept.get(topic.name);
    const partitionCount = topic.partitions.length;
    if (kept?.topicId === topic.id && kept.partitionCount === partitionCount) return kept.hash;
    const hash = topicHash(topic, this.#rack);
    this.#kept.set(topic.name, { topicId: topic.id, partitionCount, hash });
    return hash;
  }
}

export function topicHash({ id, name, partitions: { length: count } }: KnownTopic, rack: string | null): bigint {
  const rackBytes = rack === null ? 0 : 4 + 2 * rack.length + 4;
  const bytes = Buffer.alloc(1 + 16 + 2 * name.length + 4 + 4 + count * (4 + rackBytes));
  let at = bytes.writeUInt8(version, 0);
  const uuid = Buffer.from(id, 'base64url');
  at = bytes.writeBigUInt64LE(uuid.readBigUInt64BE(0), at);
  at = bytes.writeBigUInt64LE(uuid.readBigUInt64BE(8), at);
  at = putText(bytes, name, at);
  at = bytes.writeInt32LE(count, at);
  for (let partition = 0; partition < count; partition++) {
    at = bytes.writeInt32LE(partition, at);
    if (rack !== null) at = putText(bytes, rack, bytes.writeInt32LE(rack.length, at));
  }
  return xxh3(bytes);
}

/** UTF-16, and behind it how long it is. */
function putText(bytes: Buffer, text: string, at: number): number {
  return bytes.writeInt32LE(text.length, at + bytes.write(text, at, 'utf16le'));
}
