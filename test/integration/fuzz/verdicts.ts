/** Sends every case to a broker and writes down what it said: an error by name, the records at fault, or that it hung up. */
import { errorName, errors } from '@millrace/protocol';
import { WireClient } from '@millrace/testkit';

import { topicSettings, type BatchCase } from './batch-cases.ts';

/** `closed`, or an error's name for each send, with the indexes of the records it names. */
export type Verdict = string;

const settings: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ...topicSettings,
  sequences: {},
  bombs: {},
};

export async function askVerdicts(bootstrap: string, cases: readonly BatchCase[]): Promise<Map<string, Verdict>> {
  const ids = await makeTopics(bootstrap);
  const verdicts = new Map<string, Verdict>();
  for (const one of cases) {
    if (verdicts.has(one.name)) throw new Error(`two cases are named ${one.name}`);
    verdicts.set(one.name, await ask(bootstrap, one, ids));
  }
  return verdicts;
}

async function makeTopics(bootstrap: string): Promise<ReadonlyMap<string, string>> {
  await using client = await WireClient.connect(bootstrap);
  const { topics } = await client.send('createTopics', 7, {
    topics: Object.entries(settings).map(([name, configs]) => ({
      name,
      numPartitions: 1,
      replicationFactor: 1,
      assignments: [],
      configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
    })),
  });
  for (const { name, errorCode } of topics)
    if (errorCode !== errors.NONE) throw new Error(`${name}: ${errorName(errorCode)}`);
  await untilLed(client, Object.keys(settings));
  return new Map(topics.map(({ name, topicId }) => [name ?? '', topicId]));
}

/** Apache Kafka says NOT_LEADER_OR_FOLLOWER to the first requests for a new topic. */
async function untilLed(client: WireClient, names: readonly string[]): Promise<void> {
  const topics = names.map((name) => ({ name, partitions: [{ partitionIndex: 0, timestamp: -1 }] }));
  for (let attempt = 0; attempt < 200; attempt++) {
    const answer = await client.send('listOffsets', 7, { replicaId: -1, isolationLevel: 0, topics });
    if (answer.topics.every(({ partitions }) => partitions.every(({ errorCode }) => errorCode === errors.NONE))) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`topics ${names.join(', ')} have no leader`);
}

/** One connection a case: a broker may close it. */
async function ask(bootstrap: string, one: BatchCase, ids: ReadonlyMap<string, string>): Promise<Verdict> {
  await using client = await WireClient.connect(bootstrap);
  const said: string[] = [];
  for (const records of one.sends) {
    try {
      said.push(await within(answerMsMax, send(client, one, records, ids)));
    } catch {
      said.push('closed');
      break;
    }
  }
  return said.join(', ');
}

const answerMsMax = 3000;

async function within(ms: number, answer: Promise<string>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => (timer = setTimeout(() => resolve('no answer'), ms)));
  return await Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

async function send(
  client: WireClient,
  one: BatchCase,
  records: Buffer | null,
  ids: ReadonlyMap<string, string>,
): Promise<string> {
  const { topic, version, acks, partition: index = 0 } = one;
  const topicId = ids.get(topic) ?? 'bm90LXRoZXJlLWF0LWFsbA';
  const partitionData = [{ index, records }];
  const answer = await client.send('produce', version, {
    transactionalId: null,
    acks,
    timeoutMs: 10_000,
    topicData: [version >= 13 ? { topicId, partitionData } : { name: topic, partitionData }],
  });
  const found = answer.responses[0]?.partitionResponses[0];
  if (found === undefined) return 'no answer for the partition';
  const { errorCode, recordErrors } = found;
  const name = errorName(errorCode);
  return recordErrors.length === 0 ? name : `${name} at ${recordErrors.map(({ batchIndex }) => batchIndex).join(' ')}`;
}
