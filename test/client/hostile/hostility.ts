// What a broker may do to its clients: wrong bytes, wrong fields, wrong times.

import { gzipSync } from 'node:zlib';

import type { Random } from '@millrace/base';
import { apis, apiWithExactOffsets, encodeBatch, EncodeError, encodeResponse, errors } from '@millrace/protocol';
import {
  mutateFrame,
  pick,
  randomAnswer,
  type ScriptedAnswer,
  type ScriptedRequest,
  type ValuePool,
} from '@millrace/testkit';

import { batch, brokerHost, brokerPort, honestAnswer, topicId } from './honest-answers.ts';

/** How often it is hostile, of a thousand answers; from some time on it may be always so. */
export interface Temper {
  readonly perMille: number;
}

export async function hostileAnswer(random: Random, request: ScriptedRequest, temper: Temper): Promise<ScriptedAnswer> {
  const { name, version, correlationId, connection } = request;
  const honest = honestBytes(request);
  const ordinary = (): Buffer => honest ?? plausible(random, request);
  // Without its versions nothing else can be asked of a broker.
  const isHonest = random.below(1000) >= (name === 'apiVersions' ? temper.perMille / 5 : temper.perMille);
  if (isHonest) return honest ?? (name === 'apiVersions' ? undefined : plausible(random, request));
  switch (random.below(12)) {
    case 0:
      return 'close';
    case 1:
      return 'silence';
    case 2:
      return Buffer.from(random.bytes(1 + random.below(200)));
    case 3:
      return lengthOf(
        pick(random, [-1, -0x8000_0000, 0, 1, 3, 0x7fff_ffff, 257 << 20, 200 << 20]),
        random.bytes(random.below(50)),
      );
    case 4: {
      const bytes = ordinary();
      bytes.writeInt32BE(correlationId + pick(random, [-1, 1, 1000, -0x4000_0000]), 4);
      return bytes;
    }
    case 5:
      // Nobody asked for it.
      connection.say(plausible(random, request));
      return honest ?? 'silence';
    case 6: {
      // A few bytes, and then nothing more.
      const bytes = plausible(random, request);
      return bytes.subarray(0, random.below(bytes.length));
    }
    case 7:
    case 8: {
      const bytes = ordinary();
      return mutateFrame(random, { api: apis[name], version, bytes, spots: [] }).bytes;
    }
    case 9:
      return plausible(random, request);
    default:
      return mutateFrame(random, randomAnswer(random, apis[name], version, correlationId, pool)).bytes;
  }
}

/** Whole, in the right form, and about things that the client knows; what it says is left to chance. */
function plausible(random: Random, { name, version, correlationId }: ScriptedRequest): Buffer {
  return randomAnswer(random, apis[name], version, correlationId, pool).bytes;
}

/** Undefined where there is none, or where the version cannot say it. */
function honestBytes({ name, version, correlationId, request }: ScriptedRequest): Buffer | undefined {
  const answer = honestAnswer(name, request, version);
  if (answer === undefined) return undefined;
  try {
    return Buffer.concat(encodeResponse(apiWithExactOffsets(name) as never, version, correlationId, answer as never));
  } catch (error) {
    if (error instanceof EncodeError) return undefined;
    throw error;
  }
}

function lengthOf(bytes: number, body: Uint8Array): Buffer {
  const frame = Buffer.alloc(4 + body.length);
  frame.writeInt32BE(bytes);
  frame.set(body, 4);
  return frame;
}

const errorCodes = Object.values(errors);
const compression = 1;

/** Batches that are wrong in one way each; the bomb is 200 MiB of zeros. */
const batches: readonly Buffer[] = [
  batch,
  Buffer.alloc(0),
  batch.subarray(0, batch.length - 1),
  Buffer.concat([batch, batch]),
  withInt32(batch, 8, -1),
  withInt32(batch, 8, 0x7fff_ffff),
  withInt32(batch, 57, 0x7fff_ffff),
  withInt32(batch, 57, -1),
  withInt32(batch, 23, 0x7fff_ffff),
  compressed(gzipSync(Buffer.alloc(200 << 20)), 1),
  compressed(Buffer.from('no gzip'), 1),
  compressed(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0]), 2),
  compressed(Buffer.alloc(40), 3),
  compressed(Buffer.alloc(40), 4),
  compressed(Buffer.alloc(40), 7),
  encodeBatch([{ value: Buffer.from('control') }], { isControl: true }),
];

const pool: ValuePool = (name, field, random) => {
  if (name === 'errorCode') return random.below(10) < 7 ? 0 : pick(random, errorCodes);
  if (field.kind === 'records') return spoiled(random, pick(random, batches));
  const values = known[name];
  return values !== undefined && random.below(10) < 7 ? pick(random, values) : undefined;
};

const known: Readonly<Record<string, readonly unknown[]>> = {
  nodeId: [1, 1, 2],
  brokerId: [1, 1, 2],
  leaderId: [1, 1, -1, 2],
  host: [brokerHost],
  port: [brokerPort],
  name: ['t', 't', 'u'],
  topic: ['t'],
  topicId: [topicId],
  partitionIndex: [0, 1],
  partition: [0, 1],
  index: [0, 1],
  partitions: [0, 1],
  groupId: ['g'],
  key: ['g'],
  memberId: ['m'],
  protocolName: ['range', 'cooperative-sticky'],
  protocolType: ['consumer'],
  apiKey: Object.values(apis).map(({ key }) => key),
  minVersion: [0],
  maxVersion: [0, 3, 20],
  throttleTimeMs: [0, 0x7fff_ffff],
};

function spoiled(random: Random, bytes: Buffer): Buffer {
  if (bytes.length === 0 || bytes.length > 1000 || random.below(2) === 0) return bytes;
  const copy = Buffer.from(bytes);
  copy[random.below(copy.length)]! ^= 1 << random.below(8);
  return copy;
}

function withInt32(bytes: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeInt32BE(value, at);
  return copy;
}

function compressed(records: Buffer, codec: number): Buffer {
  const bytes = Buffer.concat([batch.subarray(0, 61), records]);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt16BE(codec * compression, 21);
  return bytes;
}
