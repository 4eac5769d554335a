/** Messages made by Kafka's own classes (`tools/golden`), read and written by both of our codecs, byte for byte. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { suite, test } from 'node:test';

import { allMessages } from './all-messages.ts';
import { DecodeError, EncodeError } from './codec-error.ts';
import { decode, encode } from './codec.ts';
import { compileReader } from './compile-reader.ts';
import { compileWriter } from './compile-writer.ts';
import { interpretRead, interpretWrite } from './interpret.ts';
import { Reader } from './reader.ts';
import type { Message } from './schema.ts';
import { Writer } from './writer.ts';

interface Golden {
  readonly message: string;
  readonly version: number;
  readonly sample: 'default' | 'full' | 'sparse' | 'mixed';
  readonly bytes: string;
  readonly value: unknown;
  /** Of the full ones: the versions at which Kafka writes all of this, or may drop what they lack. */
  readonly writableAt?: readonly number[];
}

const folder = new URL('testdata/golden/', import.meta.url);
const messages = allMessages();
const golden = readdirSync(folder).flatMap(
  (file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8'), withoutRetired) as readonly Golden[],
);

suite('golden messages of Apache Kafka', () => {
  test('there is one of each kind for every message and version', () => {
    const seen = new Set(golden.map(({ message, version, sample }) => `${message} ${version} ${sample}`));
    for (const { name, versions } of messages.values()) {
      for (let version = versions.since; version <= versions.until; version++) {
        for (const sample of ['default', 'full', 'sparse', 'mixed']) {
          assert.ok(seen.delete(`${name} ${version} ${sample}`), `${name} version ${version} ${sample}`);
        }
      }
    }
    assert.deepEqual([...seen], []);
  });

  test('compiled functions read and write them as Kafka does', () => {
    for (const each of golden) {
      const message = messageOf(each);
      const read = compiledReader(message, each.version);
      const write = compiledWriter(message, each.version);
      check(each, read, write);
    }
  });

  test('walking the table reads and writes them as Kafka does', () => {
    for (const each of golden) {
      const message = messageOf(each);
      check(
        each,
        (reader) => interpretRead(reader, message, each.version),
        (writer, value) => interpretWrite(writer, message, each.version, value),
      );
    }
  });

  test('other versions carry what is in them, or refuse it, as in Kafka', () => {
    for (const each of golden) {
      if (each.writableAt === undefined) continue;
      const message = messageOf(each);
      const value = decode(message, each.version, Buffer.from(each.bytes, 'base64'));
      const accepted: number[] = [];
      for (let version = message.versions.since; version <= message.versions.until; version++) {
        if (isWritable(message, version, value)) accepted.push(version);
      }
      assert.deepEqual(accepted, each.writableAt, `${each.message} of version ${each.version}`);
    }
  });

  test('cut off at any byte they are a DecodeError, and nothing else', () => {
    const reader = new Reader();
    for (const each of golden.filter(({ sample }) => sample === 'full')) {
      const message = messageOf(each);
      const read = compiledReader(message, each.version);
      const bytes = Buffer.from(each.bytes, 'base64');
      for (let length = 0; length < bytes.length; length++) {
        const cut = bytes.subarray(0, length);
        for (const way of [read, (from: Reader) => interpretRead(from, message, each.version)]) {
          assert.throws(() => {
            reader.open(cut, 0);
            way(reader);
          }, DecodeError);
        }
      }
    }
  });
});

function check(each: Golden, read: (reader: Reader) => unknown, write: (writer: Writer, value: object) => void): void {
  const title = `${each.message} version ${each.version}, ${each.sample}`;
  const bytes = Buffer.from(each.bytes, 'base64');
  const reader = new Reader();
  reader.open(bytes, 0);
  const value = read(reader) as object;
  assert.deepEqual(plain(value), each.value, title);
  assert.equal(reader.at, reader.end, `${title}: bytes are left`);
  const writer = new Writer();
  write(writer, value);
  assert.deepEqual(Buffer.concat(writer.take()), bytes, title);
}

function isWritable(message: Message, version: number, value: object): boolean {
  try {
    encode(message, version, value as Readonly<Record<string, unknown>>);
    return true;
  } catch (error) {
    if (error instanceof EncodeError) return false;
    throw error;
  }
}

/** Only version 0 of ShareFetch had this field, and version 0 is gone; our table does not name it. */
function withoutRetired(this: unknown, key: string, value: unknown): unknown {
  const isRetired =
    key === 'partitionMaxBytes' && typeof this === 'object' && this !== null && 'acknowledgementBatches' in this;
  return isRetired ? undefined : value;
}

/** Bytes as base64, as they stand in the files; every integer as a number. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Buffer.isBuffer(value)) return value.toString('base64');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]));
}

function messageOf({ message }: Golden): Message {
  const found = messages.get(message);
  assert.ok(found, `no table for ${message}`);
  return found;
}

const readers = new Map<string, ReturnType<typeof compileReader>>();
const writers = new Map<string, ReturnType<typeof compileWriter>>();

function compiledReader(message: Message, version: number): ReturnType<typeof compileReader> {
  const key = `${message.name} ${version}`;
  const reader = readers.get(key) ?? compileReader(message, version);
  readers.set(key, reader);
  return reader;
}

function compiledWriter(message: Message, version: number): ReturnType<typeof compileWriter> {
  const key = `${message.name} ${version}`;
  const writer = writers.get(key) ?? compileWriter(message, version);
  writers.set(key, writer);
  return writer;
}
