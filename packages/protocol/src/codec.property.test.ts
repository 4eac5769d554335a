/** Random messages of every table and version: what one codec writes both read, and damaged bytes end in a DecodeError. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { suite, test } from 'node:test';

import * as fc from 'fast-check';

import { allMessages } from './all-messages.ts';
import { DecodeError } from './codec-error.ts';
import { decode, write } from './codec.ts';
import { fallbackOf } from './fallback.ts';
import { interpretRead, interpretWrite } from './interpret.ts';
import { Reader } from './reader.ts';
import { includes, int64Max, type Field, type Kind, type Message, type Shape } from './schema.ts';
import { Writer } from './writer.ts';

const messages = [...allMessages().values()];

suite('any message', () => {
  test('is written to the same bytes by both codecs, and read back as it was', () => {
    for (const message of messages) {
      const versioned = versionOf(message).chain((version) =>
        fc.tuple(fc.constant(version), valueOf(message.shape, version)),
      );
      fc.assert(
        fc.property(versioned, ([version, value]) => {
          const compiled = written((writer) => write(writer, message, version, value));
          const interpreted = written((writer) => interpretWrite(writer, message, version, value));
          assert.deepEqual(compiled, interpreted);
          assert.deepEqual(decode(message, version, compiled), value);
          assert.deepEqual(walked(message, version, compiled), value);
        }),
        { numRuns: 12 },
      );
    }
  });

  test('with some bytes changed is read alike by both codecs, or refused by both with a DecodeError', () => {
    const samples = goldenSamples();
    const change = fc.tuple(fc.nat(), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff));
    fc.assert(
      fc.property(fc.constantFrom(...samples), fc.array(change, { minLength: 1, maxLength: 4 }), (sample, changes) => {
        const bytes = Buffer.from(sample.bytes, 'base64');
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        const message = messages.find(({ name }) => name === sample.message)!;
        assert.deepEqual(
          orRefused(() => decode(message, sample.version, bytes)),
          orRefused(() => walked(message, sample.version, bytes)),
        );
      }),
      { numRuns: 3_000 },
    );
  });
});

const refused = Symbol('refused');

function orRefused(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    if (error instanceof DecodeError) return refused;
    throw error;
  }
}

function walked(message: Message, version: number, bytes: Buffer): unknown {
  const reader = new Reader();
  reader.open(bytes, 0);
  return interpretRead(reader, message, version);
}

function written(run: (writer: Writer) => void): Buffer {
  const writer = new Writer();
  run(writer);
  return Buffer.concat(writer.take());
}

interface Sample {
  readonly message: string;
  readonly version: number;
  readonly bytes: string;
}

function goldenSamples(): readonly Sample[] {
  const folder = new URL('testdata/golden/', import.meta.url);
  return readdirSync(folder)
    .flatMap((file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as readonly Sample[])
    .filter(({ bytes }) => bytes.length > 0);
}

function versionOf({ versions }: Message): fc.Arbitrary<number> {
  return fc.integer({ min: versions.since, max: versions.until });
}

/** A struct as decoding gives it: fields that the version lacks have their default. */
function valueOf(shape: Shape, version: number): fc.Arbitrary<Record<string, unknown>> {
  const fields: Record<string, fc.Arbitrary<unknown>> = {};
  for (const [name, field] of Object.entries(shape)) {
    fields[name] = includes(field.versions, version) ? fieldValue(field, version) : fc.constant(fallbackOf(field));
  }
  return fc.record(fields, { noNullPrototype: true });
}

function fieldValue(field: Field, version: number): fc.Arbitrary<unknown> {
  const values =
    field.kind === 'array'
      ? fc.array(fieldValue(field.element!, version), { maxLength: 3 })
      : field.kind === 'struct'
        ? valueOf(field.shape!, version)
        : scalarValues[field.kind];
  return includes(field.nullable, version) ? fc.option(values) : values;
}

const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  fc.integer({ min: 1_000, max: 40_000 }).map((length) => Buffer.alloc(length, length)),
);

const scalarValues: { readonly [K in Exclude<Kind, 'array' | 'struct'>]: fc.Arbitrary<unknown> } = {
  bool: fc.boolean(),
  int8: fc.integer({ min: -0x80, max: 0x7f }),
  int16: fc.integer({ min: -0x8000, max: 0x7fff }),
  uint16: fc.integer({ min: 0, max: 0xffff }),
  int32: fc.integer(),
  uint32: fc.integer({ min: 0, max: 0xffff_ffff }),
  int64: fc.oneof(fc.maxSafeInteger(), fc.constantFrom(int64Max, -int64Max, 2 ** 62, -(2 ** 53))),
  bigint64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  float64: fc.double({ noNaN: true }),
  string: fc.oneof(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.string({ minLength: 100, maxLength: 400 })),
  bytes: anyBytes,
  uuid: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
  records: anyBytes,
};
