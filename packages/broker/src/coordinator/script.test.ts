/**
 * Rebalances as scripts: each file in testdata is a list of commands (`> …`) and what came of each. `UPDATE=1` writes what comes now.
 *
 *     > join a protocols=range,sticky static=one session=10000 rebalance=60000 version=9
 *     > sync a a=part-1 b=part-2        the leader's assignments, by client
 *     > heartbeat a · leave a b · commit a 5 · pass 3000 · state · restart
 *
 * A client remembers its member id and generation, as real ones do.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeVersioned, consumerProtocolSubscription, errorName, errors } from '@millrace/protocol';
import { scriptsIn } from '@millrace/testkit/simulated';

import type { JoinAnswer, SyncAnswer } from './member.ts';
import { joinRequest, Outcome, Stage } from './stage.ts';

interface Client {
  readonly name: string;
  memberId: string;
  instanceId: string | null;
  generationId: number;
}

for (const file of scriptsIn(new URL('testdata/', import.meta.url))) {
  test(`script ${file.name}`, () => {
    const script = new Script();
    file.check((words) => script.perform(words));
  });
}

class Script {
  readonly #clients = new Map<string, Client>();
  #stage = new Stage();
  #trace: string[] = [];

  perform(words: readonly string[]): readonly string[] {
    this.#trace = [];
    this.#perform(words);
    return this.#trace;
  }

  #perform([command = '', ...words]: readonly string[]): void {
    const options = new Map(
      words
        .filter((word) => word.includes('='))
        .map((word): [string, string] => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]),
    );
    const names = words.filter((word) => !word.includes('='));
    const client = this.#client(names[0] ?? '');
    switch (command) {
      case 'join':
        return this.#join(client, options);
      case 'sync':
        return this.#sync(client, options);
      case 'heartbeat':
        return this.#say(
          `${client.name} heartbeat: ${errorName(this.#stage.heartbeat(client.memberId, client.generationId, client.instanceId))}`,
        );
      case 'leave':
        return this.#leave(names);
      case 'commit': {
        const { memberId, generationId, instanceId: groupInstanceId } = client;
        const committed = this.#stage.commit({ memberId, generationId, groupInstanceId });
        return this.#say(`${client.name} commits: ${errorName(committed.errorCode ?? errors.NONE)}`);
      }
      case 'pass':
        return this.#stage.time.pass(Number(names[0]));
      case 'state':
        return this.#state();
      case 'restart':
        this.#stage = this.#stage.restart();
        return;
      default:
        assert.fail(`no command ${command}`);
    }
  }

  #join(client: Client, options: ReadonlyMap<string, string>): void {
    client.instanceId = options.get('static') ?? client.instanceId;
    const topics = (options.get('topics') ?? 't').split(',');
    const metadata = Buffer.from(encodeVersioned(consumerProtocolSubscription, 0, { topics, userData: null }));
    const request = {
      memberId: client.memberId,
      groupInstanceId: client.instanceId,
      sessionTimeoutMs: Number(options.get('session') ?? joinRequest.sessionTimeoutMs),
      rebalanceTimeoutMs: Number(options.get('rebalance') ?? joinRequest.rebalanceTimeoutMs),
      protocols: (options.get('protocols') ?? 'range').split(',').map((name) => ({ name, metadata })),
    };
    const apiVersion = Number(options.get('version') ?? 9);
    this.#stage.join(request, { apiVersion }, new Outcome<JoinAnswer>((outcome) => this.#joined(client, outcome)));
  }

  #joined(client: Client, { response, errorCode }: Outcome<JoinAnswer>): void {
    if (response === undefined) return this.#say(`${client.name} join failed: ${errorName(errorCode ?? 0)}`);
    if (response.errorCode === errors.MEMBER_ID_REQUIRED) client.memberId = response.memberId;
    if (response.errorCode !== errors.NONE) return this.#say(`${client.name} join: ${errorName(response.errorCode)}`);
    client.memberId = response.memberId;
    client.generationId = response.generationId;
    const { members, generationId, protocolName, skipAssignment } = response;
    const leads =
      members.length > 0 ? `, leads ${members.map(({ memberId }) => this.#nameOf(memberId)).join(' ')}` : '';
    this.#say(
      `${client.name} joined generation ${generationId} with ${protocolName}${leads}${skipAssignment ? ', assignment stands' : ''}`,
    );
  }

  #sync(client: Client, options: ReadonlyMap<string, string>): void {
    const assignments = [...options].map(([name, part]) => ({
      memberId: this.#client(name).memberId,
      assignment: Buffer.from(part),
    }));
    const { memberId, generationId, instanceId: groupInstanceId } = client;
    const outcome = new Outcome<SyncAnswer>(({ response, errorCode }) => {
      const code = errorCode ?? response?.errorCode ?? 0;
      this.#say(
        `${client.name} ${code === errors.NONE ? `got "${response?.assignment.toString()}"` : `sync: ${errorName(code)}`}`,
      );
    });
    this.#stage.syncGroup({ memberId, generationId, groupInstanceId, protocolName: null, assignments }, outcome);
  }

  #leave(names: readonly string[]): void {
    const clients = names.map((name) => this.#client(name));
    const left = this.#stage.leave(
      clients.map(({ memberId, instanceId: groupInstanceId }) => ({ memberId, groupInstanceId })),
    );
    for (const [index, { errorCode }] of left.entries()) this.#say(`${names[index]} leaves: ${errorName(errorCode)}`);
  }

  #state(): void {
    const { groupState, protocolData, members } = this.#stage.describe();
    const each = members.map(
      ({ memberId, memberAssignment }) => `${this.#nameOf(memberId)}="${memberAssignment.toString()}"`,
    );
    this.#say([`group is ${groupState}`, protocolData, ...each].filter((word) => word !== '').join(' '));
  }

  #client(name: string): Client {
    let client = this.#clients.get(name);
    if (client === undefined)
      this.#clients.set(name, (client = { name, memberId: '', instanceId: null, generationId: -1 }));
    return client;
  }

  #nameOf(memberId: string): string {
    for (const { name, memberId: known } of this.#clients.values()) if (known === memberId) return name;
    return memberId.split('-')[0] ?? '';
  }

  #say(text: string): void {
    this.#trace.push(`  ${this.#stage.time.monotonic()} ms  ${text}`);
  }
}
