// Asks a broker what it says to every case and writes packages/protocol/src/testdata/verdicts.json:
// node tools/golden-batches/verdicts.ts            (starts Apache Kafka 4.3.1)
// node tools/golden-batches/verdicts.ts host:port  (asks that broker, and prints instead)
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import kafkajs from 'kafkajs';
import { startKafka } from '../reference/kafka-node.ts';
import { produceCases, topicSettings, type ProduceCase } from '../../packages/protocol/src/records/produce-cases.ts';

interface Verdict {
  readonly errorCode: number;
  readonly recordErrors: readonly (readonly [number, string | null])[];
  readonly message: string | null;
}

const target = process.argv[2];
if (target === undefined) {
  await using node = await startKafka();
  const asked = await ask(node.bootstrap);
  writeFileSync(
    new URL('../../packages/protocol/src/testdata/verdicts.json', import.meta.url),
    `${JSON.stringify(asked, null, 1)}\n`,
  );
} else console.log(JSON.stringify(await ask(target), null, 1));

async function ask(bootstrap: string): Promise<object> {
  const admin = new kafkajs.Kafka({ brokers: [bootstrap], logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({
    waitForLeaders: true,
    topics: Object.entries(topicSettings).map(([topic, settings]) => ({
      topic,
      configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
    })),
  });
  await admin.disconnect();
  const nowMs = Date.now();
  const verdicts: object[] = [];
  for (const one of produceCases(nowMs)) {
    const { errorCode, recordErrors, message } = await produce(bootstrap, one);
    verdicts.push({ name: one.name, errorCode, recordErrors: recordErrors.map(([index]) => index) });
    console.error(`${one.name}: ${errorCode} ${JSON.stringify(recordErrors)} ${message ?? ''}`);
  }
  return { nowMs, verdicts };
}

/** One connection a case: a broker may close it. */
async function produce(bootstrap: string, one: ProduceCase): Promise<Verdict> {
  const [host, port] = bootstrap.split(':');
  const socket = connect(Number(port), host);
  socket.write(request(one));
  let bytes = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    if (bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE(0)) socket.destroy();
  });
  await once(socket, 'close');
  return bytes.length === 0
    ? { errorCode: -2, recordErrors: [], message: 'the connection was closed' }
    : verdict(bytes, one);
}

function request({ topic, version, records }: ProduceCase): Buffer {
  const head = Buffer.alloc(10);
  head.writeInt16BE(version, 2);
  head.writeInt32BE(1, 4);
  head.writeInt16BE(-1, 8);
  const body = Buffer.alloc(12 + 2 + topic.length + 12);
  body.writeInt16BE(-1, 0);
  body.writeInt16BE(-1, 2);
  body.writeInt32BE(10_000, 4);
  body.writeInt32BE(1, 8);
  body.writeInt16BE(topic.length, 12);
  body.write(topic, 14);
  body.writeInt32BE(1, 14 + topic.length);
  body.writeInt32BE(records.length, 22 + topic.length);
  const length = Buffer.alloc(4);
  length.writeInt32BE(head.length + body.length + records.length);
  return Buffer.concat([length, head, body, records]);
}

function verdict(bytes: Buffer, { topic, version }: ProduceCase): Verdict {
  let at = 4 + 4 + 4 + 2 + topic.length + 4 + 4;
  const errorCode = bytes.readInt16BE(at);
  at += 2 + 8 + 8 + (version >= 5 ? 8 : 0);
  const recordErrors: [number, string | null][] = [];
  if (version < 8) return { errorCode, recordErrors, message: null };
  const text = (): string | null => {
    const length = bytes.readInt16BE(at);
    at += 2;
    if (length < 0) return null;
    at += length;
    return bytes.toString('utf8', at - length, at);
  };
  const count = bytes.readInt32BE(at);
  at += 4;
  for (let n = 0; n < count; n++) {
    const index = bytes.readInt32BE(at);
    at += 4;
    recordErrors.push([index, text()]);
  }
  return { errorCode, recordErrors, message: text() };
}
