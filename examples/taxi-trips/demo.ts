/**
 * `npm run demo`: the taxi trips go to a topic of 6 partitions as JSON, keyed by pick-up zone, and come back through a group of two
 * members; what the group counted must equal what the file says. Uses a broker on localhost:9092, or starts one for the time being.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import kafkajs, { type Consumer } from 'kafkajs';

import { countBy, pickedUpAtMs, readTrips, type Trip } from './trips.ts';

const address = process.env['BOOTSTRAP_SERVERS'] ?? 'localhost:9092';
const topic = process.env['DEMO_TOPIC'] ?? 'taxi-trips';
const partitionCount = 6;
const trips = readTrips();

await using _broker = (await isListening(address)) ? undefined : await startBroker();
const client = new kafkajs.Kafka({ clientId: 'taxi-demo', brokers: [address], logLevel: kafkajs.logLevel.NOTHING });

const received: Trip[] = [];
const perMember = [0, 0];
await recreateTopic();
const members = await joinGroup();
await produceAll();
await members.all;
await Promise.all(members.consumers.map((consumer) => consumer.disconnect()));
report('payment', (trip) => trip.payment);
report('pick-up borough', (trip) => trip.pickupBorough);
console.log(
  `\n${received.length} trips through ${partitionCount} partitions, read by two members: ${perMember.join(' + ')}. Equal to the counts taken from the file.`,
);

async function recreateTopic(): Promise<void> {
  const admin = client.admin();
  await admin.connect();
  if ((await admin.listTopics()).includes(topic)) await admin.deleteTopics({ topics: [topic] });
  await admin.createTopics({
    topics: [{ topic, numPartitions: partitionCount, configEntries: [{ name: 'retention.ms', value: '-1' }] }],
    waitForLeaders: true,
  });
  await admin.disconnect();
}

async function produceAll(): Promise<void> {
  const producer = client.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  for (let from = 0; from < trips.length; from += 500) {
    await producer.send({
      topic,
      messages: trips.slice(from, from + 500).map((trip) => ({
        key: trip.pickupZone,
        value: JSON.stringify(trip),
        timestamp: String(pickedUpAtMs(trip)),
        headers: { color: trip.color, borough: trip.pickupBorough },
      })),
    });
  }
  await producer.disconnect();
  console.log(`Produced ${trips.length} trips to ${topic} on ${address}.`);
}

/** Two members, each of which has partitions when the promise settles; `all` settles when every trip has come back. */
async function joinGroup(): Promise<{ consumers: readonly Consumer[]; all: Promise<void> }> {
  const all = Promise.withResolvers<void>();
  const consumers = perMember.map(() =>
    client.consumer({ groupId: `taxi-demo-${process.pid}`, maxWaitTimeInMs: 200, heartbeatInterval: 500 }),
  );
  const joined = consumers.map(() => Promise.withResolvers<void>());
  for (const [member, consumer] of consumers.entries()) {
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      const assigned = payload.memberAssignment[topic]?.length ?? 0;
      if (assigned > 0 && assigned < partitionCount) joined[member]?.resolve();
    });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => {
        received.push(JSON.parse(String(message.value)) as Trip);
        perMember[member] = (perMember[member] ?? 0) + 1;
        if (received.length === trips.length) all.resolve();
      },
    });
  }
  await Promise.all(joined.map(({ promise }) => promise));
  return { consumers, all: all.promise };
}

function report(title: string, key: (trip: Trip) => string): void {
  const counted = countBy(received, key);
  const expected = countBy(trips, key);
  console.log(`\nTrips per ${title}`);
  for (const [name, count] of counted) console.log(`  ${name.padEnd(16)} ${String(count).padStart(6)}`);
  for (const [name, count] of expected) {
    if (counted.get(name) !== count)
      throw new Error(`${title} ${name}: the file has ${count} trips, the group counted ${counted.get(name) ?? 0}`);
  }
}

async function isListening(hostAndPort: string): Promise<boolean> {
  const [host, port] = hostAndPort.split(':');
  const socket = net.connect({ host: host ?? 'localhost', port: Number(port) });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function startBroker(): Promise<AsyncDisposable> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-demo-'));
  const launcher = new URL('../../bin/kafka-server-start', import.meta.url).pathname;
  const broker: ChildProcess = spawn('sh', [launcher, '--override', `log.dirs=${folder}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: broker.stdout as NodeJS.ReadableStream });
  const exited = once(broker, 'exit');
  for await (const line of lines) if (line.includes('Kafka Server started')) break;
  if (broker.exitCode !== null) throw new Error('The broker did not start.');
  console.log(`Started a broker on ${address}, with its data in ${folder} until the demo ends.`);
  return {
    [Symbol.asyncDispose]: async () => {
      broker.kill('SIGTERM');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
