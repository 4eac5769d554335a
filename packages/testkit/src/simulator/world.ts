/**
 * Everything there is in one simulation, and its course: topics are made; clients work while faults come; the faults end; clients bring to
 * an end what they have begun; everything is read.
 */
import { BrokerProcess, brokerPort } from './broker-process.ts';
import { Chance } from './chance.ts';
import { Administrator, type NewTopic } from './clients/administrator.ts';
import { copiesOf } from './checks/copies.ts';
import { Auditor } from './clients/auditor.ts';
import { Bank } from './clients/bank.ts';
import type { Client, Surroundings } from './clients/client.ts';
import { ConsumerMember } from './clients/consumer-member.ts';
import { Copier } from './clients/copier.ts';
import { GroupMember } from './clients/group-member.ts';
import { IdempotentProducer } from './clients/idempotent-producer.ts';
import { PlainProducer } from './clients/plain-producer.ts';
import { Reader } from './clients/reader.ts';
import { Faults } from './faults.ts';
import { History, type Place } from './history.ts';
import type { SimulationOptions } from './simulate.ts';
import { SimulatedDisk } from './simulated-disk.ts';
import { SimulatedNetwork } from './simulated-network.ts';
import { VirtualTime } from './virtual-time.ts';

/** What clients may take to bring things to an end when nothing goes wrong any more. */
const endingMsMax = 60_000;
/** A simulation has tens of thousands; one that runs away has no end. */
const turnsMax = 500_000;

const topics: readonly NewTopic[] = [
  { name: 'orders', partitionCount: 3, settings: { 'segment.ms': '4000' }, isTrimmed: false },
  { name: 'payments', partitionCount: 2, settings: { 'segment.ms': '5000' }, isTrimmed: false },
  { name: 'copies', partitionCount: 1, settings: {}, isTrimmed: false },
  { name: 'ticks', partitionCount: 2, settings: { 'segment.ms': '1500', 'retention.ms': '9000' }, isTrimmed: true },
];

const places: readonly Place[] = topics.flatMap(({ name, partitionCount }) =>
  Array.from({ length: partitionCount }, (_, partition) => ({ topic: name, partition })),
);

const copying = {
  copier: 'copier',
  group: 'copies',
  source: { topic: 'payments', partition: 0 },
  target: { topic: 'copies', partition: 0 },
};

/** Of this world: what the copier has to have done. */
export const copies = copiesOf(copying);

export class World {
  readonly time = new VirtualTime();
  readonly history: History;
  readonly broker: BrokerProcess;
  readonly #chance: Chance;
  readonly #disk: SimulatedDisk;
  readonly #network: SimulatedNetwork;
  readonly #faults: Faults;
  readonly #faultsMs: number;
  #isEnding = false;
  #isOver = false;
  /** Clients that have not come to their end. */
  readonly #busy = new Set<string>();

  constructor(seed: number, options: SimulationOptions) {
    const { time } = this;
    const chance = new Chance(seed);
    const history = new History(time, options.print);
    const life = () => this.broker.life;
    this.#chance = chance;
    this.history = history;
    this.#faultsMs = options.faultsMs ?? chance.integer(15_000, 45_000);
    const parts = () => ({ disk: this.#disk, network: this.#network });
    this.broker = new BrokerProcess({ time, history, parts, chance: chance.fork('broker') });
    this.#disk = new SimulatedDisk({ time, history, life, chance: chance.fork('disk') });
    this.#network = new SimulatedNetwork({ time, history, life, chance: chance.fork('network') });
    const [disk, network, broker] = [this.#disk, this.#network, this.broker];
    this.#faults = new Faults({ time, history, disk, network, broker, chance: chance.fork('faults') });
  }

  async run(): Promise<void> {
    let failure: unknown;
    this.#course().catch((error: unknown) => {
      failure = error;
      this.#isOver = true;
    });
    const rejected = (error: unknown): void => this.broker.threw(error);
    process.on('unhandledRejection', rejected);
    try {
      while (!this.#isOver) {
        if (this.time.turnCount > turnsMax) throw new Error(`more than ${turnsMax} events, and no end`);
        this.#disk.turnBegins();
        if (!(await this.#turn())) throw new Error('nothing is left to happen');
        this.#faults.turnEnded();
      }
    } finally {
      process.off('unhandledRejection', rejected);
    }
    if (failure !== undefined) throw failure;
  }

  async #turn(): Promise<boolean> {
    try {
      return await this.time.turn();
    } catch (error) {
      this.broker.threw(error);
      return true;
    }
  }

  async #course(): Promise<void> {
    const { time, history, broker } = this;
    const surroundings: Surroundings = {
      time,
      history,
      network: this.#network,
      chance: this.#chance.fork('clients'),
      port: brokerPort,
      life: () => broker.lives,
      clockJumps: () => broker.clockJumps,
      isEnding: () => this.#isEnding,
    };
    const administrator = new Administrator(surroundings, 'admin', topics);
    broker.start();
    await administrator.prepare();
    const clients = [administrator, ...clientsOf(surroundings)];
    const ends = clients.map((client) => this.#watch(client, client.run()));
    await this.#faults.run(time.nowMs + this.#faultsMs);
    this.#isEnding = true;
    const groups = [
      { group: 'readers', places: places.filter(({ topic }) => topic === 'orders') },
      { group: 'new', places: places.filter(({ topic }) => topic === 'payments') },
      { group: copying.group, places: [copying.source] },
    ];
    const auditor = new Auditor(surroundings, { places, groups });
    const audit = Promise.all(ends).then(async () => {
      await this.#watch(auditor, auditor.run());
      while (!(await administrator.audit())) await time.pause(100);
      this.#isOver = true;
    });
    time.after(endingMsMax, () => {
      if (this.#isOver) return;
      for (const name of this.#busy) history.surprise(name, `does not come to an end within ${endingMsMax} ms`);
      this.#isOver = true;
    });
    await Promise.race([audit, this.#over()]);
  }

  async #watch(client: Client, run: Promise<void>): Promise<void> {
    this.#busy.add(client.name);
    try {
      await run;
    } catch (error) {
      this.history.surprise(client.name, error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
    this.#busy.delete(client.name);
  }

  async #over(): Promise<void> {
    while (!this.#isOver) await this.time.pause(1_000);
  }
}

function clientsOf(surroundings: Surroundings): Client[] {
  const orders = { topic: 'orders', partitionCount: 3 };
  const ticks = { topic: 'ticks', partitionCount: 2 };
  const group = { group: 'readers', ...orders };
  const newGroup = { group: 'new', topic: 'payments', partitionCount: 2 };
  return [
    new IdempotentProducer(surroundings, 'shop', orders),
    new IdempotentProducer(surroundings, 'mill', orders),
    new PlainProducer(surroundings, 'plain', orders),
    new IdempotentProducer(surroundings, 'clock', ticks),
    new Reader(surroundings, 'tail', 'uncommitted', places),
    new Reader(surroundings, 'ledger', 'committed', places),
    new Bank(
      surroundings,
      'bank',
      places.filter(({ topic }) => topic === 'payments' || topic === 'orders'),
    ),
    new Bank(
      surroundings,
      'broker',
      places.filter(({ topic }) => topic === 'payments'),
    ),
    new Copier(surroundings, copying.copier, copying),
    new GroupMember(surroundings, 'readers.1', group),
    new GroupMember(surroundings, 'readers.2', group),
    new GroupMember(surroundings, 'readers.3', group),
    new ConsumerMember(surroundings, 'new.1', newGroup),
    new ConsumerMember(surroundings, 'new.2', newGroup),
  ];
}
