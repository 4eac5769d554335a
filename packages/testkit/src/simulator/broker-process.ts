/** The broker as a process: lives one life after the other, each ended in order, by a kill, or by a loss of power. */
import { AssertionError, isMillraceError, silentLogger, type Host, type LogFields, type Logger } from '@millrace/base';
import { Broker, readBrokerConfig } from '@millrace/broker';
import { isKafkaError } from '@millrace/protocol';

import type { Chance } from './chance.ts';
import type { History } from './history.ts';
import { Life } from './life.ts';
import type { SimulatedDisk } from './simulated-disk.ts';
import type { SimulatedNetwork } from './simulated-network.ts';
import { beginMs, type VirtualTime } from './virtual-time.ts';

export const brokerPort = 9092;
const startAgainMs = 500;

const properties: Readonly<Record<string, string>> = {
  'node.id': '1',
  listeners: `PLAINTEXT://127.0.0.1:${brokerPort}`,
  'log.dirs': '/data',
  'admin.listener': '',
  'group.initial.rebalance.delay.ms': '300',
  'offsets.topic.num.partitions': '1',
  'transaction.state.log.num.partitions': '1',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '1000',
  'log.retention.check.interval.ms': '2000',
  'log.segment.delete.delay.ms': '1000',
};

export type Ending = 'power' | 'kill' | 'stop';

export interface BrokerProcessOptions {
  readonly time: VirtualTime;
  readonly chance: Chance;
  readonly history: History;
  /** Calls are made after the process is made. */
  readonly parts: () => { readonly disk: SimulatedDisk; readonly network: SimulatedNetwork };
}

export class BrokerProcess {
  readonly #options: BrokerProcessOptions;
  #life = new Life(0);
  #broker: Broker | undefined;
  #lives = 0;
  #isStopping = false;
  /** How far the wall clock is from the time that really passed. */
  #skewMs = 0;
  clockJumps = 0;
  /** The disk was full in this life: then a start may fail. */
  isHampered = false;

  constructor(options: BrokerProcessOptions) {
    this.#options = options;
  }

  get life(): Life {
    return this.#life;
  }

  get isServing(): boolean {
    return this.#broker?.isReady === true && !this.#life.isOver;
  }

  get lives(): number {
    return this.#lives;
  }

  /** Again and again, until it serves. */
  start(): void {
    const life = new Life(++this.#lives);
    this.#life = life;
    this.#broker = undefined;
    this.#isStopping = false;
    this.#options.history.trace(`life ${life.number} begins`);
    this.#run(life).catch((error: unknown) => {
      if (life.isOver) return;
      const isExcused = this.isHampered && isOfDisk(error);
      if (!isExcused) this.#surprise('the broker does not start', error);
      this.#options.history.trace(`life ${life.number} does not begin: ${String(error)}`);
      this.#over('kill');
      this.#options.time.after(startAgainMs, () => this.start());
    });
  }

  /** Between two turns. The next life begins a little later. */
  end(how: Ending): void {
    if (this.#life.isOver || this.#isStopping) return;
    this.#options.history.add({ kind: 'fault', text: `life ${this.#life.number} ends: ${how}` });
    if (how === 'stop' && this.isServing) {
      void this.#stop(this.#life);
      return;
    }
    this.#over(how);
    this.#startLater();
  }

  /** Somebody sets the clock. */
  jumpClock(byMs: number): void {
    this.#skewMs += byMs;
    this.clockJumps++;
    this.#options.history.add({ kind: 'fault', text: `the clock jumps by ${byMs} ms` });
  }

  /** A callback of the broker threw: as in Node, that is its end. */
  threw(error: unknown): void {
    this.#surprise('the process ended', error);
    this.#over('kill');
    this.#startLater();
  }

  async #run(life: Life): Promise<void> {
    const { disk } = this.#options.parts();
    const args = Object.entries(properties).flatMap(([key, value]) => ['--override', `${key}=${value}`]);
    const config = readBrokerConfig({ args, environment: {}, disk });
    const fatal = (error: unknown): void => {
      if (!life.isOver) this.#surprise('an invariant is broken', error);
    };
    const broker = await Broker.start({ host: this.#host(life), config, fatal });
    this.#broker = broker;
    this.#options.history.trace(`life ${life.number} serves`);
  }

  async #stop(life: Life): Promise<void> {
    this.#isStopping = true;
    try {
      await this.#broker?.stop();
    } catch (error) {
      if (!this.isHampered) this.#surprise('the broker does not stop', error);
    }
    if (life.isOver) return;
    this.#over('kill');
    this.#startLater();
  }

  #over(how: Ending): void {
    const { disk, network } = this.#options.parts();
    this.#life.isOver = true;
    network.processEnds();
    // After a failed sync memory holds what the disk does not, and no later sync tells: whoever goes on has to start the machine anew.
    if (how === 'power' || disk.hasFailed) disk.losePower();
    else disk.processEnds();
  }

  #startLater(): void {
    this.#options.time.after(this.#options.chance.amount(10, 2_000), () => this.start());
  }

  #host(life: Life): Host {
    const { time, chance } = this.#options;
    const { disk, network } = this.#options.parts();
    return {
      clock: { now: () => Math.floor(beginMs + time.nowMs + this.#skewMs), monotonic: () => time.nowMs },
      timers: { after: (delayMs, callback) => time.after(Math.max(delayMs, 0.01), life.bound(callback)) },
      random: chance.random,
      disk,
      network,
      log: this.#log(),
    };
  }

  /** Of what the broker writes, errors are looked at: what no fault explains is a bug. */
  #log(): Logger {
    const told = (level: string) => (fields: LogFields, text: string) => {
      this.#options.history.trace(`${level}: ${text} ${reasonOf(fields['reason'] ?? fields['error'] ?? '')}`);
    };
    const log: Logger = {
      ...silentLogger,
      info: told('info'),
      warn: told('warn'),
      error: (fields, text) => {
        told('error')(fields, text);
        const { error } = fields;
        const isExplained = isMillraceError(error) || isKafkaError(error) || isOfDisk(error);
        if (error !== undefined && !isExplained) this.#surprise(text, error);
        if (text.startsWith('partition is offline')) this.#surprise(text, fields['reason']);
      },
      child: () => log,
    };
    return log;
  }

  #surprise(text: string, error: unknown): void {
    this.#options.history.surprise('broker', `${text}: ${reasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof AssertionError) return error.stack ?? error.message;
  return error instanceof Error ? error.message : String(error);
}

/** What the disk said, itself or as the cause of something. */
function isOfDisk(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  if ('code' in error && (error.code === 'ENOSPC' || error.code === 'EIO')) return true;
  return 'cause' in error && isOfDisk(error.cause);
}
