/** Two brokers that say what a test tells them to, and an admin of theirs whose time goes by as fast as it may. For tests. */
import { silentLogger } from '@millrace/base';
import { type ApiName, apis } from '@millrace/protocol';
import {
  dialScripted,
  everyVersion,
  type ScriptedAnswer,
  ScriptedBroker,
  type ScriptedRequest,
  TestHost,
} from '@millrace/testkit';

import { Admin } from './admin.ts';

/** What a broker answers to an API; `brokerId` is who is asked. */
export type Answers = {
  readonly [K in ApiName]?: (request: never, brokerId: number, asked: ScriptedRequest) => ScriptedAnswer;
};

export class ScriptedCluster implements AsyncDisposable {
  readonly admin: Admin;
  readonly host = new TestHost();
  readonly brokers: ReadonlyMap<number, ScriptedBroker>;
  /** The leaders of the partitions of each topic. */
  readonly leaders = new Map<string, number[]>();
  controllerId = 1;

  /** `versions` are the newest that the brokers know, where that is not all. */
  constructor(answers: Answers, versions: { readonly [K in ApiName]?: number } = {}) {
    const ids = [1, 2];
    const script = (brokerId: number) => (asked: ScriptedRequest) => {
      if (asked.name === 'apiVersions') return limited(versions);
      const answer = answers[asked.name];
      if (answer !== undefined) return answer(asked.request as never, brokerId, asked);
      return asked.name === 'metadata' ? this.#metadata() : undefined;
    };
    this.brokers = new Map(ids.map((id) => [id, new ScriptedBroker(script(id))]));
    const byAddress = new Map(ids.map((id) => [`b${id}:${id}`, this.brokers.get(id)!]));
    const { clock, timers, random } = this.host;
    const host = { clock, timers, random, log: silentLogger, dial: dialScripted(byAddress) };
    this.admin = new Admin({ 'bootstrap.servers': 'b1:1', host });
  }

  /** Who was asked what with an API, in the order of the questions. */
  asked(name: ApiName): [brokerId: number, request: ScriptedRequest['request']][] {
    return [...this.brokers].flatMap(([id, { asked }]) =>
      asked.filter((one) => one.name === name).map(({ request }): [number, typeof request] => [id, request]),
    );
  }

  /** Moves time on until the promise has settled. */
  async settles<T>(promise: Promise<T>): Promise<T> {
    const over = new AbortController();
    const end = (): void => over.abort();
    promise.then(end, end);
    while (!over.signal.aborted) {
      await new Promise((resolve) => setImmediate(resolve));
      this.host.advance(25);
    }
    return await promise;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.admin.close();
  }

  #metadata(): object {
    return {
      brokers: [...this.brokers.keys()].map((nodeId) => ({ nodeId, host: `b${nodeId}`, port: nodeId, rack: null })),
      clusterId: 'c',
      controllerId: this.controllerId,
      topics: [...this.leaders].map(([name, leaders]) => ({
        errorCode: 0,
        name,
        topicId: 'AAAAAAAAAAAAAAAAAAAAAQ',
        partitions: leaders.map((leaderId, partitionIndex) => ({
          errorCode: 0,
          partitionIndex,
          leaderId,
          replicaNodes: [leaderId],
          isrNodes: [leaderId],
        })),
      })),
    };
  }
}

function limited(versions: { readonly [K in ApiName]?: number }): object {
  const answer = everyVersion() as { readonly apiKeys: { readonly apiKey: number; readonly maxVersion: number }[] };
  const limits = new Map(Object.entries(versions).map(([name, version]) => [apis[name as ApiName].key, version]));
  const apiKeys = answer.apiKeys
    .map((range) => ({ ...range, maxVersion: limits.get(range.apiKey) ?? range.maxVersion }))
    .filter(({ maxVersion }) => maxVersion >= 0);
  return { ...answer, apiKeys };
}
