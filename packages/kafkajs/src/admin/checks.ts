/** What callers may give. Everything else is `KafkaJSNonRetriableError`. */
import { KafkaJSNonRetriableError } from '../errors.ts';

export function wrong(text: string): never {
  throw new KafkaJSNonRetriableError(text);
}

export function checkList(noun: string, given: unknown): asserts given is unknown[] {
  if (!Array.isArray(given)) wrong(`${noun} is a list, not ${String(given)}.`);
}

export function checkFilledList(noun: string, given: unknown): void {
  checkList(noun, given);
  if (given.length === 0) wrong(`${noun} is empty.`);
}

/** A list of things with a topic each, no topic twice. */
export function checkTopicList(noun: string, given: readonly { topic: string }[]): void {
  checkList(noun, given);
  const names = new Set<string>();
  for (const { topic } of given) {
    if (typeof topic !== 'string') wrong(`${noun} has a ${typeof topic} where the name of a topic should be.`);
    if (names.has(topic)) wrong(`${noun} has "${topic}" twice.`);
    names.add(topic);
  }
}

export function checkName(noun: string, given: unknown): asserts given is string {
  if (!given || typeof given !== 'string') wrong(`${String(given)} is no ${noun}.`);
}

/** One of the numbers of an enum. */
export function checkEnum(noun: string, values: Readonly<Record<string, number>>, given: unknown): void {
  if (!Object.values(values).includes(given as number)) wrong(`There is no ${noun} ${String(given)}.`);
}
