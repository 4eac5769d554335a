/** What a program sees of kafkajs, or of the door, when brokers answer with errors: outcomes in words, to be compared. */
import { setTimeout as sleep } from 'node:timers/promises';

import { errors } from '@millrace/protocol';
import type { ApiName } from '@millrace/protocol';
import { answerWithError, type FaultProxy, type Verdict } from '@millrace/testkit';
import type kafkajs from 'kafkajs';

export type Library = typeof kafkajs;

/** Errors of one API, so many times; every time when `times` is absent. */
export interface Fault {
  readonly api: ApiName;
  readonly error: keyof typeof errors | 'cut' | 'lost';
  readonly times?: number;
}

const patienceMs = 3000;

export function strike(proxy: FaultProxy, { api, error, times = Infinity }: Fault): void {
  let left = times;
  proxy.rule = ({ name }) => {
    if (name !== api || left <= 0) return undefined;
    left--;
    return verdictOf(error);
  };
}

export function verdictOf(error: Fault['error']): Verdict {
  if (error === 'cut') return { cutBefore: true };
  if (error === 'lost') return { cutAfter: true };
  return { rewrite: (answer) => answerWithError(answer, errors[error]) };
}

/** What programs decide by. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { name, type, retriable, cause } = error as Error & { type?: string; retriable?: boolean };
  const own = `${name}${type === undefined ? '' : ` ${type}`}${retriable === true ? ', retriable' : ''}`;
  return cause === undefined ? own : `${own} <- ${wordsOf(cause)}`;
}

export async function outcomeOfSend(library: Library, proxy: FaultProxy, topic: string, fault: Fault): Promise<string> {
  const kafka = clientOf(library, proxy);
  const producer = kafka.producer({ createPartitioner: library.Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.send({ topic, messages: [{ value: 'first', partition: 0 }] });
  strike(proxy, fault);
  try {
    const [told] = await producer.send({ topic, messages: [{ value: 'second', partition: 0 }] });
    return `sent, ${told?.errorCode}`;
  } catch (error) {
    return wordsOf(error);
  } finally {
    proxy.rule = () => undefined;
    await producer.disconnect();
  }
}

export async function outcomeOfReading(
  library: Library,
  proxy: FaultProxy,
  { topic, groupId, count }: { topic: string; groupId: string; count: number },
  fault: Fault,
): Promise<string> {
  const kafka = clientOf(library, proxy);
  const consumer = kafka.consumer({
    groupId,
    sessionTimeout: 6000,
    heartbeatInterval: 60,
    maxWaitTimeInMs: 50,
    retry: { retries: 2, initialRetryTime: 20, restartOnFailure: async () => false },
  });
  const read = new Set<string>();
  const { GROUP_JOIN, CRASH, COMMIT_OFFSETS, HEARTBEAT } = consumer.events;
  const ended = Promise.withResolvers<string>();
  let joins = 0;
  let isBeaten = false;
  let committed = 0;
  const look = (): void => {
    if (read.size === count && committed > 0 && isBeaten) ended.resolve(`read, joins ${joins > 1 ? 'again' : 'once'}`);
  };
  consumer.on(GROUP_JOIN, () => void joins++);
  consumer.on(HEARTBEAT, () => {
    isBeaten = joins > 0;
    look();
  });
  consumer.on(COMMIT_OFFSETS, () => {
    committed++;
    look();
  });
  consumer.on(CRASH, ({ payload: { error } }) => ended.resolve(`crash: ${wordsOf(error)}`));
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    strike(proxy, fault);
    const run = consumer.run({
      eachMessage: async ({ message }) => {
        read.add(message.value?.toString() ?? '');
      },
    });
    const late = sleep(patienceMs, 'not in time', { ref: false });
    return await Promise.race([ended.promise, run.then(async () => await Promise.race([ended.promise, late])), late]);
  } catch (error) {
    return wordsOf(error);
  } finally {
    proxy.rule = () => undefined;
    await consumer.disconnect();
  }
}

export function clientOf(library: Library, proxy: FaultProxy) {
  return new library.Kafka({
    brokers: [proxy.bootstrap],
    clientId: 'faults',
    logLevel: library.logLevel.NOTHING,
    retry: { initialRetryTime: 20, retries: 2 },
    requestTimeout: 3000,
  });
}
