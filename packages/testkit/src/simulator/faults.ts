/** What goes wrong, and when. Each seed allows some kinds of faults and not others, so that they meet in different company. */
import type { BrokerProcess } from './broker-process.ts';
import type { Chance } from './chance.ts';
import type { History } from './history.ts';
import type { SimulatedDisk } from './simulated-disk.ts';
import type { SimulatedNetwork } from './simulated-network.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface FaultsOptions {
  readonly time: VirtualTime;
  readonly chance: Chance;
  readonly history: History;
  readonly disk: SimulatedDisk;
  readonly network: SimulatedNetwork;
  readonly broker: BrokerProcess;
}

const usual = { syncMsMax: 3, delayMsMax: 2 };
/** Wall clocks are set by hand, or by a server far away. */
const clockJumpMsMax = 600_000;

export class Faults {
  readonly #options: FaultsOptions;
  readonly #allowed: readonly (() => Promise<void>)[];
  #isOver = false;
  /** Turns until the power goes, or the process is killed. */
  #turnsLeft = Number.POSITIVE_INFINITY;
  #ending: 'power' | 'kill' = 'power';

  constructor(options: FaultsOptions) {
    this.#options = options;
    const { chance } = options;
    const kinds = [
      () => this.#endSoon('power'),
      () => this.#endSoon('kill'),
      () => this.#stop(),
      () => this.#dropConnections(),
      () => this.#slowNetwork(),
      () => this.#slowDisk(),
      () => this.#fullDisk(),
      () => this.#failedSync(),
      () => this.#clockJump(),
    ];
    const allowed = kinds.filter(() => chance.oneIn(2));
    this.#allowed = allowed.length === 0 ? kinds : allowed;
  }

  /** Until `untilMs`; then everything is as it should be. */
  async run(untilMs: number): Promise<void> {
    const { time, chance, broker } = this.#options;
    while (time.nowMs < untilMs) {
      await time.pause(chance.amount(200, 5_000));
      if (time.nowMs < untilMs && broker.isServing) await chance.pick(this.#allowed)();
      // A start is a good moment too.
      if (chance.oneIn(6)) await this.#endSoon('power');
    }
    this.#heal();
  }

  /** After each turn. */
  turnEnded(): void {
    if (--this.#turnsLeft > 0) return;
    this.#turnsLeft = Number.POSITIVE_INFINITY;
    this.#options.broker.end(this.#ending);
  }

  #heal(): void {
    const { disk, network, broker, history } = this.#options;
    this.#isOver = true;
    this.#turnsLeft = Number.POSITIVE_INFINITY;
    disk.leaveRoom();
    disk.syncMsMax = usual.syncMsMax;
    network.delayMsMax = usual.delayMsMax;
    history.add({ kind: 'fault', text: 'no more faults' });
    if (disk.failingSyncs > 0 || disk.hasFailed) broker.end('power');
    disk.failingSyncs = 0;
  }

  /** In the midst of whatever goes on then. */
  #endSoon(how: 'power' | 'kill'): Promise<void> {
    this.#ending = how;
    this.#turnsLeft = this.#options.chance.integer(1, 120);
    return Promise.resolve();
  }

  #stop(): Promise<void> {
    this.#options.broker.end('stop');
    return Promise.resolve();
  }

  async #dropConnections(): Promise<void> {
    const { network, time, chance } = this.#options;
    for (let count = chance.integer(1, 6); count > 0; count--) {
      const open = network.openConnections;
      if (open.length > 0) chance.pick(open).reset(chance.oneIn(2));
      await time.pause(chance.amount(1, 200));
    }
  }

  async #slowNetwork(): Promise<void> {
    const { network, time, chance } = this.#options;
    network.delayMsMax = chance.pick([50, 500, 5_000]);
    await time.pause(chance.amount(500, 5_000));
    network.delayMsMax = usual.delayMsMax;
  }

  async #slowDisk(): Promise<void> {
    const { disk, time, chance } = this.#options;
    disk.syncMsMax = chance.pick([50, 500, 3_000]);
    await time.pause(chance.amount(500, 6_000));
    // While much is written and little of it synced.
    if (chance.oneIn(2)) this.#options.broker.end('power');
    if (!this.#isOver) disk.syncMsMax = usual.syncMsMax;
  }

  async #fullDisk(): Promise<void> {
    const { disk, time, chance, broker, history } = this.#options;
    history.add({ kind: 'fault', text: 'the disk is full' });
    broker.isHampered = true;
    disk.leaveRoom(chance.integer(0, 4_000));
    await time.pause(chance.amount(500, 5_000));
    disk.leaveRoom();
    await time.pause(100);
    broker.isHampered = false;
  }

  /** An operator starts the machine again. */
  async #failedSync(): Promise<void> {
    const { disk, time, chance, broker, history } = this.#options;
    history.add({ kind: 'fault', text: 'a sync fails' });
    disk.failingSyncs = 1;
    broker.isHampered = true;
    await time.pause(chance.amount(500, 3_000));
    disk.failingSyncs = 0;
    broker.end('power');
    broker.isHampered = false;
  }

  #clockJump(): Promise<void> {
    this.#options.broker.jumpClock(this.#options.chance.integer(-clockJumpMsMax, clockJumpMsMax));
    return Promise.resolve();
  }
}
