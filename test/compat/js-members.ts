// A group of members in processes of their own, so that one can be killed. A member is a module that is run with the bootstrap
// address, the group, the topic and its own name, tells its parent what it was assigned and what it read, and closes its
// consumer when it is told to.

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a member tells its parent. */
export type Telling = { assigned: number[] } | { record: [partition: number, offset: number] };

export class Members implements AsyncDisposable {
  readonly #module: string;
  readonly #args: string[];
  readonly #processes = new Map<string, ChildProcess>();
  readonly #assigned = new Map<string, number[]>();
  readonly #read = new Set<string>();

  constructor(module: string, bootstrap: string, group: string, topic: string) {
    this.#module = module;
    this.#args = [bootstrap, group, topic];
  }

  start(name: string): void {
    const child = fork(this.#module, [...this.#args, name], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#processes.set(name, child);
    this.#assigned.set(name, []);
    child.on('message', (told: Telling) => {
      if ('assigned' in told) {
        if (this.#processes.has(name)) this.#assigned.set(name, told.assigned);
      } else this.#read.add(told.record.join('@'));
    });
  }

  /** Waits until the members hold so many partitions each, smallest share first, and no partition is held twice. */
  async untilShares(...shares: number[]): Promise<void> {
    const held = () => [...this.#assigned.values()];
    const wanted = shares.join();
    await until(`shares ${wanted}`, () => {
      const distinct = new Set(held().flat()).size;
      return (
        held()
          .map((one) => one.length)
          .sort((a, b) => a - b)
          .join() === wanted && distinct === held().flat().length
      );
    });
  }

  async untilRead(records: [partition: number, offset: number][]): Promise<void> {
    await until('everything is read', () => records.every((record) => this.#read.has(record.join('@'))));
  }

  /** As a crash: no LeaveGroup is sent. */
  async kill(name: string): Promise<void> {
    await this.#end(name, (child) => child.kill('SIGKILL'));
  }

  async leave(name: string): Promise<void> {
    await this.#end(name, (child) => child.send('leave'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of this.#processes.keys()) await this.kill(name);
  }

  async #end(name: string, how: (child: ChildProcess) => void): Promise<void> {
    const child = this.#processes.get(name);
    this.#processes.delete(name);
    this.#assigned.delete(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    how(child);
    await once(child, 'exit');
  }
}

export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    if (await holds()) return;
    await sleep(15);
  }
  throw new Error(`not in time: ${what}`);
}
