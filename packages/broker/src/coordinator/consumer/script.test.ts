/**
 * Reconciliations as scripts: each file in testdata is a list of commands (`> …`) and what came of each. `UPDATE=1` writes what comes now.
 *
 *     > topic t 4                                a topic that is new, or grows
 *     > beat a topics=t,u static=one assignor=range pattern=t.* rebalance=60000
 *     > follow a · lose a · leave a · away a · pass 3000 · state · restart
 *
 * A member takes what it is told when it follows, not before; `lose` is a heartbeat whose answer does not arrive.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorName } from '@millrace/protocol';
import { scriptsIn } from '@millrace/testkit/simulated';

import { Stage } from '../stage.ts';
import type { HeartbeatAnswer, HeartbeatRequest } from './heartbeat-request.ts';
import { StageMember } from './stage-member.ts';

for (const file of scriptsIn(new URL('testdata/', import.meta.url))) {
  test(`script ${file.name}`, () => {
    const script = new Script();
    file.check((words) => script.perform(words));
  });
}

class Script {
  readonly #members = new Map<string, StageMember>();
  readonly #topics = new Map<string, string>();
  #stage = new Stage();
  #trace: string[] = [];

  perform(words: readonly string[]): readonly string[] {
    this.#trace = [];
    this.#perform(words);
    return this.#trace;
  }

  #perform([command = '', name = '', ...words]: readonly string[]): void {
    switch (command) {
      case 'topic':
        return void this.#topics.set(this.#stage.topic(name, Number(words[0])), name);
      case 'remove':
        return this.#stage.removeTopic(name);
      case 'beat':
      case 'lose':
        return this.#beat(name, words, command === 'lose');
      case 'follow':
        return this.#member(name).follow();
      case 'leave':
        return this.#say(name, this.#member(name).leave());
      case 'away':
        return this.#say(name, this.#member(name).leave(-2));
      case 'pass':
        return this.#stage.time.pass(Number(name));
      case 'state':
        return this.#state();
      case 'restart':
        this.#stage = this.#stage.restart();
        for (const member of this.#members.values()) member.stage = this.#stage;
        return;
      default:
        assert.fail(`no command ${command}`);
    }
  }

  #beat(name: string, words: readonly string[], isLost: boolean): void {
    const member = this.#member(name);
    const says = saysOf(words);
    if (Object.keys(says).length > 0) member.change(says);
    this.#say(name, member.beat({ isLost }));
  }

  #state(): void {
    const { groupState, groupEpoch, assignmentEpoch, members } = this.#stage.describeConsumer();
    this.#line(`group is ${groupState}, epoch ${groupEpoch}, assigned for ${assignmentEpoch}`);
    for (const { memberId, memberEpoch, assignment, targetAssignment } of members) {
      const has = this.#partitions(assignment.topicPartitions);
      const wants = this.#partitions(targetAssignment.topicPartitions);
      this.#line(`  ${memberId} in ${memberEpoch} has [${has}]${has === wants ? '' : `, is to have [${wants}]`}`);
    }
  }

  #say(name: string, { errorCode, memberEpoch, assignment }: HeartbeatAnswer): void {
    const told = assignment === null ? '' : ` is to hold [${this.#partitions(assignment.topicPartitions)}]`;
    const error = errorName(errorCode);
    this.#line(error === 'NONE' ? `${name} epoch ${memberEpoch}${told}` : `${name} ${error}`);
  }

  #partitions(all: readonly { readonly topicId: string; readonly partitions: readonly number[] }[]): string {
    return all
      .map(({ topicId, partitions }) => `${this.#topics.get(topicId)}:${partitions.join('+')}`)
      .sort()
      .join(' ');
  }

  #member(name: string): StageMember {
    let member = this.#members.get(name);
    if (member === undefined) this.#members.set(name, (member = new StageMember(this.#stage, name, {})));
    return member;
  }

  #line(text: string): void {
    this.#trace.push(`  ${this.#stage.time.monotonic()} ms  ${text}`);
  }
}

function saysOf(words: readonly string[]): Partial<HeartbeatRequest> {
  const says: { -readonly [K in keyof HeartbeatRequest]?: HeartbeatRequest[K] } = {};
  for (const word of words) {
    const [key = '', value = ''] = word.split('=');
    if (key === 'topics') says.subscribedTopicNames = value === '' ? [] : value.split(',');
    else if (key === 'pattern') says.subscribedTopicRegex = value;
    else if (key === 'static') says.instanceId = value;
    else if (key === 'assignor') says.serverAssignor = value;
    else if (key === 'rebalance') says.rebalanceTimeoutMs = Number(value);
    else assert.fail(`a member cannot say ${word}`);
  }
  return says;
}
