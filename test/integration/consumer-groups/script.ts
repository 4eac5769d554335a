/**
 * What clients of consumer groups may ask, one thing after the other, and every answer in words that do not depend on the broker: topics by
 * name, ids that a broker made up by the order in which they came. `uniform` may hand out different partitions (Kafka goes by the order
 * of hash tables), so that of several members only the number counts.
 */
import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  decodeBatch,
  decodeGroupRecord,
  decodeVersioned,
  encodeVersioned,
  errorName,
  splitBatches,
  type ApiName,
  type RequestInput,
  type Response,
} from '@millrace/protocol';
import { WireClient } from '@millrace/testkit';

type Beat = RequestInput<'consumerGroupHeartbeat'>;

export class Script implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly #client: WireClient;
  readonly #names = new Map<string, string>();

  constructor(client: WireClient) {
    this.#client = client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }

  say(text: string): void {
    this.lines.push(text);
  }

  async send<K extends ApiName>(api: K, version: number, request: RequestInput<K>): Promise<Response<K>> {
    return await this.#client.send(api, version, request);
  }

  async topic(name: string, numPartitions: number): Promise<string> {
    const { topics } = await this.send('createTopics', 7, {
      topics: [{ name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }],
    });
    const topicId = topics[0]?.topicId ?? '';
    this.#names.set(topicId, name);
    await pause(300);
    return topicId;
  }

  async grow(name: string, count: number): Promise<void> {
    await this.send('createPartitions', 3, {
      topics: [{ name, count, assignments: null }],
      timeoutMs: 5000,
      validateOnly: false,
    });
    await pause(300);
  }

  /** `shows`: which partitions there are, not only how many. */
  async beat(
    what: string,
    request: Beat,
    { version = 1, shows = true } = {},
  ): Promise<Response<'consumerGroupHeartbeat'>> {
    const answer = await this.send('consumerGroupHeartbeat', version, request);
    const { errorCode, errorMessage, memberEpoch, heartbeatIntervalMs, assignment } = answer;
    const parts = assignment?.topicPartitions.map(({ topicId, partitions }) => {
      const sorted = [...partitions].sort((left, right) => left - right);
      return `${this.name(topicId)}:${shows ? sorted.join('+') : `${partitions.length} of them`}`;
    });
    const memberId = answer.memberId === null ? 'nobody' : this.name(answer.memberId);
    this.say(
      `${what}: ${errorName(errorCode)}${errorMessage === null ? '' : ` "${this.text(errorMessage)}"`} ` +
        `${memberId} epoch ${memberEpoch} every ${heartbeatIntervalMs} ` +
        `assignment ${parts === undefined ? 'as it was' : `[${parts.sort().join(' ')}]`}`,
    );
    return answer;
  }

  async answer<K extends ApiName>(
    what: string,
    api: K,
    version: number,
    request: RequestInput<K>,
  ): Promise<Response<K>> {
    const response = await this.send(api, version, request);
    this.say(`${what}: ${this.json(response)}`);
    return response;
  }

  async describe(what: string, groupId: string, { version = 1, shows = true } = {}): Promise<void> {
    const { groups } = await this.send('consumerGroupDescribe', version, {
      groupIds: [groupId],
      includeAuthorizedOperations: true,
    });
    for (const { members, ...group } of groups) {
      this.say(`${what}: ${this.json(group)}`);
      const lines = members.map((member) => this.json(shows ? member : withoutPartitions(member)));
      for (const line of lines.sort()) this.say(`  ${line}`);
    }
  }

  get names(): ReadonlyMap<string, string> {
    return this.#names;
  }

  name(id: string): string {
    return this.#names.get(id) ?? id;
  }

  /** An id that the broker has made up. */
  call(id: string, name: string): void {
    this.#names.set(id, name);
  }

  text(text: string): string {
    let named = text;
    for (const [id, name] of this.#names) named = named.replaceAll(id, name);
    return named;
  }

  json(value: unknown): string {
    return this.text(
      JSON.stringify(value, (key, part: unknown) => {
        if (typeof part === 'bigint') return `${part}`;
        // Kafka's order is that of hash tables.
        if (Array.isArray(part)) return part.toSorted((left, right) => compare(this.#key(left), this.#key(right)));
        return times.has(key) ? 'a time' : part;
      }),
    );
  }

  #key(part: unknown): string | number {
    if (typeof part === 'number') return part;
    return this.text(JSON.stringify(part));
  }

  /** What a group has left in `__consumer_offsets`, which must have one partition. */
  async records(groupId: string): Promise<void> {
    const { topics } = await this.send('metadata', 12, {
      topics: [{ name: '__consumer_offsets' }],
      allowAutoTopicCreation: false,
    });
    const fetched = await this.send('fetch', 13, {
      maxWaitMs: 100,
      minBytes: 1,
      maxBytes: 10_000_000,
      topics: [
        {
          topicId: topics[0]?.topicId ?? '',
          partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 10_000_000 }],
        },
      ],
    });
    const bytes = fetched.responses[0]?.partitions[0]?.records ?? Buffer.alloc(0);
    for (const { at } of splitBatches(bytes).spans) this.#recordsOfBatch(groupId, decodeBatch(bytes, at, 1 << 24));
  }

  /** Of one kind they come in the order of members, which in Kafka is that of a hash table. */
  #recordsOfBatch(groupId: string, records: ReturnType<typeof decodeBatch>): void {
    let kind = '';
    let run: string[] = [];
    const end = (): void => {
      this.lines.push(...run.sort());
      run = [];
    };
    for (const { key, value } of records) {
      const record = key === null ? undefined : decodeGroupRecord(key, value);
      if (record === undefined || record.name === 'OffsetCommit' || record.name === 'LegacyOffsetCommit') continue;
      if (('group' in record.key ? record.key.group : record.key.groupId) !== groupId) continue;
      if (record.name !== kind) end();
      kind = record.name;
      run.push(`  ${record.name} ${this.json(record.key)} ${this.json(hashless(record.value))}`);
    }
    end();
  }
}

/** The version of a pattern counts what the metadata log holds. */
const times = new Set(['currentStateTimestamp', 'assignmentTimestamp', 'timestamp', 'version']);

function compare(left: string | number, right: string | number): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** Topic ids differ, and with them the hash. */
function hashless(value: object | null): object | null {
  return value !== null && 'metadataHash' in value ? { ...value, metadataHash: 'a hash' } : value;
}

function withoutPartitions(member: object): object {
  return { ...member, assignment: undefined, targetAssignment: undefined };
}

export async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

export function subscription(
  topics: readonly string[],
  owned: readonly { topic: string; partitions: number[] }[] = [],
): Buffer {
  return Buffer.from(
    encodeVersioned(consumerProtocolSubscription, 1, { topics, userData: null, ownedPartitions: owned }),
  );
}

export function assigned(bytes: Buffer): string {
  if (bytes.length === 0) return 'nothing';
  const { assignedPartitions } = decodeVersioned(consumerProtocolAssignment, bytes);
  return `version ${bytes.readInt16BE(0)} ${assignedPartitions.map(({ topic, partitions }) => `${topic}:${[...partitions].sort((left, right) => left - right).join('+')}`).join(' ')}`;
}
