// A NestJS microservice and its client, in plain JavaScript: node program.mjs host:port name-of-this-run. Decorators are called as functions.
// It tells what it saw as one line of JSON.

// oxlint-disable-next-line import/no-unassigned-import -- it is what decorators write to
import 'reflect-metadata';
import { Controller, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientKafka,
  Ctx,
  EventPattern,
  KafkaContext,
  MessagePattern,
  Payload,
  RpcException,
  Transport,
} from '@nestjs/microservices';
import { firstValueFrom, timeout } from 'rxjs';

const [bootstrap, run] = process.argv.slice(2);
const patterns = { sum: `sum-${run}`, fail: `fail-${run}`, note: `note-${run}` };
const patienceMs = 20_000;
const seen = {};
setTimeout(() => process.exit(2), 2 * patienceMs).unref();
let tellNoted;
const noted = new Promise((resolve) => (tellNoted = resolve));

class Sums {
  sum({ numbers }) {
    return { total: numbers.reduce((a, b) => a + b, 0) };
  }

  fail() {
    throw new RpcException('as asked');
  }

  note(data, context) {
    tellNoted({ data, topic: context.getTopic() === patterns.note, isContext: context instanceof KafkaContext });
  }
}

function decorate(method, decorator) {
  const descriptor = Object.getOwnPropertyDescriptor(Sums.prototype, method);
  decorator(Sums.prototype, method, descriptor);
}
Controller()(Sums);
decorate('sum', MessagePattern(patterns.sum));
decorate('fail', MessagePattern(patterns.fail));
decorate('note', EventPattern(patterns.note));
Payload()(Sums.prototype, 'note', 0);
Ctx()(Sums.prototype, 'note', 1);

// oxlint-disable-next-line typescript/no-extraneous-class -- modules of Nest are classes
class App {}
Module({ controllers: [Sums] })(App);

const client = { clientId: 'nest', brokers: [bootstrap], retry: { initialRetryTime: 100, retries: 8 } };
const quick = { sessionTimeout: 6000, heartbeatInterval: 500, maxWaitTimeInMs: 50 };
Logger.overrideLogger(['error', 'warn']);
const app = await NestFactory.createMicroservice(App, {
  transport: Transport.KAFKA,
  logger: ['error', 'warn'],
  options: { client, consumer: { groupId: `service-${run}`, ...quick }, subscribe: { fromBeginning: true } },
});
await app.listen();

const kafka = new ClientKafka({ client, consumer: { groupId: `caller-${run}`, ...quick } });
kafka.subscribeToResponseOf(patterns.sum);
kafka.subscribeToResponseOf(patterns.fail);
await kafka.connect();
seen.replies = Object.values(kafka.getConsumerAssignments()).length;

const ask = (pattern, data) => firstValueFrom(kafka.send(pattern, data).pipe(timeout(patienceMs)));
seen.reply = await ask(patterns.sum, { numbers: [1, 2, 3] });
seen.keyed = await ask(patterns.sum, { key: 'a key', value: { numbers: [4, 5] }, headers: { trace: 'x' } });
const many = await Promise.all(Array.from({ length: 50 }, (_, i) => ask(patterns.sum, { numbers: [i, i] })));
seen.many = many.every(({ total }, i) => total === 2 * i);
seen.failure = await ask(patterns.fail, {}).catch((error) => error.message ?? error);
await firstValueFrom(kafka.emit(patterns.note, { text: 'noted' }));
seen.event = await noted;
await kafka.close();
await app.close();
console.log(JSON.stringify(seen));
