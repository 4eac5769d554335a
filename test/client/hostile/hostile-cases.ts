// Cases of clients with a hostile broker, each decided by its seed. Time is virtual: a call that hangs shows as time that ends.

import assert from 'node:assert/strict';

import { silentLogger } from '@millrace/base';
import { type ClientHost, isClientError } from '@millrace/client';
import { errors } from '@millrace/protocol';
import { dialScripted, pick, ScriptedBroker, seededRandom, TestHost } from '@millrace/testkit';

import { calls } from './calls.ts';
import { brokerHost, brokerPort } from './honest-answers.ts';
import { hostileAnswer } from './hostility.ts';

export interface Tally {
  /** How calls ended, and how often. */
  readonly ends: Map<string, number>;
}

/** All calls have an end by then: their time-outs are of seconds. */
const limitMs = 600_000;
const kindsMax = 20;
const patienceMs = 20_000;
const address = `${brokerHost}:${brokerPort}`;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Throws when a client behaves badly; the message has the seed that shows it again. */
export async function runHostileCases(firstSeed: number, count: number): Promise<Tally> {
  const ends = new Map<string, number>();
  const rejections: unknown[] = [];
  /** The first of each kind. */
  const failures = new Map<string, Error>();
  const noted = (reason: unknown): void => void rejections.push(reason);
  process.on('unhandledRejection', noted);
  try {
    for (let seed = firstSeed; seed < firstSeed + count; seed++) {
      const end = await runCase(seed).catch((error: unknown) => {
        rejections.push(error);
        return 'failed';
      });
      ends.set(end, (ends.get(end) ?? 0) + 1);
      for (const cause of rejections.splice(0)) {
        const kind = cause instanceof Error ? cause.message.replaceAll(/\d+/g, '#') : String(cause);
        if (!failures.has(kind))
          failures.set(kind, new Error(`HOSTILE_SEED=${seed} HOSTILE_CASES=1 shows it`, { cause }));
      }
      if (failures.size >= kindsMax) break;
    }
    if (failures.size > 0) throw new AggregateError([...failures.values()], `${failures.size} kinds of failures`);
  } finally {
    process.off('unhandledRejection', noted);
  }
  return { ends };
}

async function runCase(seed: number): Promise<string> {
  const random = seededRandom(seed);
  const host = new TestHost({ seed });
  const temper = { perMille: pick(random, [50, 200, 500, 1000]) };
  const broker = new ScriptedBroker((request) => hostileAnswer(random, request, temper));
  const { clock, timers } = host;
  const clientHost: ClientHost = {
    clock,
    timers,
    random: host.random,
    log: silentLogger,
    dial: dialScripted(new Map([[address, broker]])),
  };
  const [name, call] = pick(random, calls);
  const ended = new AbortController();
  const timer = timers.after(30_000, () => ended.abort());
  const result = await settled(
    host,
    call(clientHost, random, ended.signal).then(
      () => undefined,
      (error: unknown) => ({ error }),
    ),
  );
  timer.cancel();
  await turn();
  assert.equal(broker.openCount, 0, `${name}: a connection is left open`);
  assert.equal(host.waitingCount, 0, `${name}: a timer is left running`);
  if (result === undefined) return `${name}: an answer`;
  const { error } = result;
  if (!isClientError(error)) throw error;
  assert.notEqual(error.message, '');
  return `${name}: ${error.code in errors ? 'what the broker said' : error.code}`;
}

/** Lets virtual time pass until it settles; what takes real time (hashing, unpacking) gets some. */
async function settled<T>(host: TestHost, promise: Promise<T>): Promise<T> {
  const state = { isSettled: false };
  const done = (): void => {
    state.isSettled = true;
  };
  void promise.then(done, done);
  const beginMs = host.clock.monotonic();
  const giveUpAtMs = performance.now() + patienceMs;
  for (let idle = 0; !state.isSettled;) {
    for (let turns = 0; turns < 3 && !state.isSettled; turns++) await turn();
    if (state.isSettled) break;
    const isOver = host.clock.monotonic() - beginMs > limitMs;
    if (!isOver && host.advanceToNext()) idle = 0;
    else if (++idle > 50) {
      assert.ok(
        performance.now() < giveUpAtMs,
        isOver ? 'it has not ended in ten minutes' : 'nothing would ever wake it',
      );
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
  return await promise;
}
