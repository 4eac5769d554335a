/** What tools and clients may ask about quotas, and every answer in a form that does not depend on the broker: sorted, times as yes or no. */
import { encodeBatch, errorName, type RequestInput } from '@millrace/protocol';
import { WireClient } from '@millrace/testkit';

type Entity = Readonly<Record<string, string | null>>;
type Quotas = Readonly<Record<string, number | null>>;
type Entry = readonly [entity: Entity, quotas: Quotas];
type Filter = readonly (readonly [type: string, match: number, name: string | null])[];
type FetchAsked = RequestInput<'fetch'>;

export type Step = (bootstrap: string, say: (line: string) => void) => Promise<void>;

const rate = { producer_byte_rate: 1000 };
const good: readonly Entry[] = [
  [{ user: 'zz' }, { producer_byte_rate: 1e9, consumer_byte_rate: 2e9, request_percentage: 55.5 }],
  [{ user: 'zz' }, { controller_mutation_rate: 100.5 }],
  [{ user: null, 'client-id': null }, { producer_byte_rate: 1e12 }],
  [{ 'client-id': 'cc' }, { producer_byte_rate: 1e12 }],
  [{ user: 'zz', 'client-id': 'cc' }, { consumer_byte_rate: 1e12 }],
  [{ ip: '10.1.2.3' }, { connection_creation_rate: 50 }],
  [{ ip: 'localhost' }, { connection_creation_rate: 5000 }],
  [{ ip: null }, { connection_creation_rate: 500 }],
  [{ user: 'a' }, {}],
  [{ user: 'a' }, { nonsense: null, producer_byte_rate: null }],
];
const bad: readonly Entry[] = [
  [{}, rate],
  [{ group: 'a' }, rate],
  [{ user: '' }, rate],
  [{ 'client-id': '' }, rate],
  [{ ip: '' }, rate],
  [{ user: 'a', ip: '10.1.2.3' }, rate],
  [{ 'client-id': 'a', ip: '10.1.2.3' }, rate],
  [{ user: 'x', group: 'g' }, rate],
  [{ ip: 'no such host' }, rate],
  [{ ip: '10.1.2.3' }, rate],
  [{ user: 'a' }, { connection_creation_rate: 5 }],
  [{ user: 'a' }, { nonsense: 5 }],
  [{ user: 'a' }, { producer_byte_rate: 0 }],
  [{ user: 'a' }, { request_percentage: -1 }],
  [{ user: 'a' }, { consumer_byte_rate: 1.5 }],
  [{ user: 'a' }, { consumer_byte_rate: 1e30 }],
  [{ user: 'a' }, { producer_byte_rate: 5, consumer_byte_rate: 0 }],
  [{ ip: '10.1.2.3' }, { connection_creation_rate: 3e9 }],
  [{ ip: '10.1.2.3' }, { connection_creation_rate: 1.5 }],
];
const filters: readonly (readonly [filter: Filter, strict: boolean])[] = [
  [[], false],
  [[], true],
  [[['user', 0, 'zz']], false],
  [[['user', 0, 'zz']], true],
  [[['user', 1, null]], false],
  [[['user', 2, null]], false],
  [[['user', 2, null]], true],
  [
    [
      ['user', 2, null],
      ['client-id', 2, null],
    ],
    false,
  ],
  [[['client-id', 0, 'cc']], false],
  [[['ip', 2, null]], false],
  [[['ip', 1, null]], false],
  [[['', 2, null]], false],
  [[['group', 2, null]], false],
  [
    [
      ['user', 2, null],
      ['user', 0, 'x'],
    ],
    false,
  ],
  [[['user', 0, null]], false],
  [[['user', 1, 'a']], false],
  [[['user', 2, 'a']], false],
  [[['user', 7, null]], false],
  [
    [
      ['user', 2, null],
      ['ip', 2, null],
    ],
    false,
  ],
  [[['user', 0, 'absent']], false],
  [[['user', 0, '']], false],
];

export const steps: ReadonlyMap<string, Step> = new Map<string, Step>([
  ['quotas are set, found and removed in the same words', administration],
  ['a producer is throttled and not read', production],
  ['a consumer gets nothing and no session', consumption],
  ['changes of the cluster are refused or throttled', mutation],
]);

async function administration(bootstrap: string, say: (line: string) => void): Promise<void> {
  await using client = await WireClient.connect(bootstrap);
  for (const version of [0, 1]) {
    for (const entry of [...good, ...bad]) say(`${JSON.stringify(entry)} ${await alter(client, [entry], version)}`);
  }
  say(`only to see ${await alter(client, [[{ user: 'vv' }, rate]], 1, true)}`);
  say(
    `twice ${await alter(client, [
      [{ user: 'a' }, rate],
      [{ user: 'a' }, { consumer_byte_rate: 1000 }],
    ])}`,
  );
  say(
    `one of two ${await alter(client, [
      [{ user: 'g1' }, rate],
      [{ user: 'g2' }, { nonsense: 1 }],
    ])}`,
  );
  await pause();
  for (const version of [0, 1]) {
    for (const [filter, strict] of filters) {
      const components = filter.map(([entityType, matchType, match]) => ({ entityType, matchType, match }));
      const answer = await client.send('describeClientQuotas', version, { components, strict });
      const entries = answer.entries?.map(({ entity, values }) => [sorted(entity), sorted(values)]);
      const verdict = [errorName(answer.errorCode), answer.errorMessage, answer.throttleTimeMs];
      say(`${JSON.stringify([filter, strict])} ${JSON.stringify([verdict, entries && sorted(entries)])}`);
    }
  }
  const gone = good.map(([entity, quotas]): Entry => [
    entity,
    Object.fromEntries(Object.keys(quotas).map((key) => [key, null])),
  ]);
  for (const entry of [...gone, [{ user: 'g1' }, { producer_byte_rate: null }] as const]) await alter(client, [entry]);
  await pause();
  const left = await client.send('describeClientQuotas', 1, { components: [], strict: false });
  say(`left ${JSON.stringify(left.entries)}`);
}

async function production(bootstrap: string, say: (line: string) => void): Promise<void> {
  await createTopic(bootstrap, 'produced', 1);
  await limit(bootstrap, { producer_byte_rate: 10_000 });
  const records = encodeBatch([{ value: Buffer.alloc(40_000) }]);
  const request = {
    acks: -1,
    timeoutMs: 5000,
    topicData: [{ name: 'produced', partitionData: [{ index: 0, records }] }],
  };
  {
    await using client = await WireClient.connect(bootstrap);
    // The third is over ten windows' worth, however long all take.
    for (let count = 1; count <= 3; count++) {
      const { throttleTimeMs, responses } = await client.send('produce', 9, request);
      say(`${count}: ${responses[0]?.partitionResponses[0]?.errorCode} ${lateness(throttleTimeMs)}`);
    }
  }
  await using client = await WireClient.connect(bootstrap);
  client.post('produce', 9, { ...request, acks: 0 });
  const sentAtMs = performance.now();
  const { throttleTimeMs } = await client.send('metadata', 12, { topics: [] });
  say(`behind acks=0: ${throttleTimeMs}, after ${lateness(performance.now() - sentAtMs)}`);
  await limit(bootstrap, { producer_byte_rate: null });
}

async function consumption(bootstrap: string, say: (line: string) => void): Promise<void> {
  await createTopic(bootstrap, 'consumed', 1);
  const value = { value: Buffer.alloc(10_000) };
  const topicData = [{ name: 'consumed', partitionData: [{ index: 0, records: encodeBatch([value]) }] }];
  {
    await using client = await WireClient.connect(bootstrap);
    for (let count = 0; count < 5; count++) await client.send('produce', 9, { acks: -1, timeoutMs: 5000, topicData });
  }
  await limit(bootstrap, { consumer_byte_rate: 5000 });
  const fetch = async (what: string, more: Partial<FetchAsked>): Promise<void> => {
    await using client = await WireClient.connect(bootstrap);
    const partition = { partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 };
    const answer = await client.send('fetch', 12, {
      maxWaitMs: 100,
      minBytes: 1,
      sessionEpoch: -1,
      topics: [{ topic: 'consumed', partitions: [partition] }],
      forgottenTopicsData: [],
      ...more,
    });
    const parts = answer.responses.length === 0 ? 'nothing' : 'records';
    const session = answer.sessionId === 0 ? 'no session' : 'a session';
    say(
      `${what}: ${errorName(answer.errorCode)} ${parts} ${session} ${answer.throttleTimeMs > 0 ? 'throttled' : 'at once'}`,
    );
  };
  await fetch('within the quota', { maxBytes: 30_000 });
  await fetch('beyond it', { maxBytes: 40_000 });
  await fetch('beyond it in a new session', { maxBytes: 40_000, sessionEpoch: 0 });
  await limit(bootstrap, { consumer_byte_rate: null });
}

async function mutation(bootstrap: string, say: (line: string) => void): Promise<void> {
  await limit(bootstrap, { controller_mutation_rate: 1 });
  const create = async (name: string, numPartitions: number, version: number, validateOnly = false): Promise<void> => {
    await using client = await WireClient.connect(bootstrap);
    const topics = [{ name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }];
    const answer = await client.send('createTopics', version, { topics, timeoutMs: 10_000, validateOnly });
    const [topic] = answer.topics;
    const verdict = [errorName(topic?.errorCode ?? -1), topic?.errorMessage, topic?.numPartitions];
    say(`create ${name} ${version} ${JSON.stringify(verdict)} ${lateness(answer.throttleTimeMs)}`);
  };
  await create('m1', 8, 7, true);
  await create('m1', 8, 7);
  await create('m2', 8, 7);
  await create('m3', 8, 7, true);
  await create('m4', 8, 5);
  await create('', 8, 7);
  await create('m1', 8, 7);
  for (const [version, count] of [
    [3, 10],
    [3, 2],
    [2, 9],
  ] as const) {
    await using client = await WireClient.connect(bootstrap);
    const topics = [{ name: 'm1', count, assignments: null }];
    const { results } = await client.send('createPartitions', version, { topics, timeoutMs: 5000, validateOnly: true });
    say(
      `grow ${version} ${JSON.stringify(results.map(({ errorCode, errorMessage }) => [errorName(errorCode), errorMessage]))}`,
    );
  }
  for (const version of [5, 4]) {
    await using client = await WireClient.connect(bootstrap);
    const { responses } = await client.send('deleteTopics', version, { topicNames: ['m1'], timeoutMs: 5000 });
    say(
      `delete ${version} ${JSON.stringify(responses.map(({ errorCode, errorMessage }) => [errorName(errorCode), errorMessage]))}`,
    );
  }
  await limit(bootstrap, { controller_mutation_rate: null });
}

async function alter(
  client: WireClient,
  entries: readonly Entry[],
  version = 1,
  validateOnly = false,
): Promise<string> {
  const answer = await client.send('alterClientQuotas', version, {
    entries: entries.map(([entity, quotas]) => ({
      entity: Object.entries(entity).map(([entityType, entityName]) => ({ entityType, entityName })),
      ops: Object.entries(quotas).map(([key, value]) => ({ key, value: value ?? 0, remove: value === null })),
    })),
    validateOnly,
  });
  const verdicts = answer.entries.map(({ entity, errorCode, errorMessage }) => [
    sorted(entity),
    errorName(errorCode),
    errorMessage,
  ]);
  return JSON.stringify([answer.throttleTimeMs, sorted(verdicts)]);
}

/** For the client id of all clients here; from a connection that is closed again, as it may be throttled too. */
async function limit(bootstrap: string, quotas: Quotas): Promise<void> {
  await using client = await WireClient.connect(bootstrap);
  await alter(client, [[{ 'client-id': 'wire-client' }, quotas]]);
  await pause();
}

async function createTopic(bootstrap: string, name: string, numPartitions: number): Promise<void> {
  await using client = await WireClient.connect(bootstrap);
  await client.send('createTopics', 7, {
    topics: [{ name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }],
  });
  await pause();
}

/** Kafka answers some milliseconds before its own parts know. */
async function pause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 500));
}

function sorted<T>(list: readonly T[]): T[] {
  return list.toSorted((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
}

/** Two brokers do not take the same time, and no time tells how busy the machine was. */
function lateness(ms: number): string {
  return ms < 400 ? 'at once' : 'later';
}
