/**
 * Random requests, clocks, failing disks, markers that come late or not at all, and crashes at any point; then what is in memory is
 * compared with what the records tell. Whatever happened: each transaction ended one way in all of its partitions, and nobody waits.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errors } from '@millrace/protocol';
import fc from 'fast-check';

import { Outcome } from '../coordinator/stage.ts';
import { TransactionStage } from './stage.ts';
import { partitionNames, type ProducerIdentity, type Transaction } from './transaction.ts';

const ids = ['a', 'b', 'c'] as const;
const partitionCount = 3;
const id = fc.constantFrom(...ids);
const version = fc.constantFrom(0, 2);
const command = fc.oneof(
  { weight: 6, arbitrary: fc.record({ name: fc.constant('init' as const), id, goesOn: fc.boolean() }) },
  {
    weight: 12,
    arbitrary: fc.record({
      name: fc.constant('add' as const),
      id,
      version,
      partition: fc.nat({ max: partitionCount - 1 }),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      name: fc.constant('end' as const),
      id,
      version,
      isCommit: fc.boolean(),
      isLate: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ name: fc.constant('pass' as const), ms: fc.constantFrom(50, 2000, 30_000) }) },
  { weight: 3, arbitrary: fc.record({ name: fc.constant('holdSyncs' as const), isOn: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ name: fc.constant('sync' as const), fails: fc.nat({ max: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ name: fc.constant('holdMarkers' as const), isOn: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ name: fc.constant('disk' as const), isFull: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ name: fc.constant('partitions' as const), areOffline: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ name: fc.constant('restart' as const), keepsUnsynced: fc.boolean() }) },
);
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;

/** What a client of one transactional id remembers. */
interface Client {
  now: ProducerIdentity;
  before: ProducerIdentity;
}

class Run {
  stage = new TransactionStage({ partitionCount: 1, settings: { timeoutMsMax: 60_000 } });
  readonly waiting = new Set<object>();
  readonly #clients = new Map<string, Client>(
    ids.map((id) => [id, { now: { producerId: 0, producerEpoch: 0 }, before: { producerId: 0, producerEpoch: 0 } }]),
  );

  async perform(command: Command): Promise<void> {
    const { stage } = this;
    switch (command.name) {
      case 'init':
        return this.#init(command);
      case 'add':
        return this.#add(command);
      case 'end':
        return this.#end(command);
      case 'pass':
        return stage.time.pass(command.ms);
      case 'holdSyncs':
        stage.holdsSyncs = command.isOn;
        return command.isOn ? undefined : stage.sync();
      case 'sync':
        return stage.sync(command.fails === 3);
      case 'holdMarkers':
        stage.holdsMarkers = command.isOn;
        return command.isOn ? undefined : stage.writeMarkers();
      case 'disk':
        stage.appendError = command.isFull ? errors.KAFKA_STORAGE_ERROR : errors.NONE;
        return undefined;
      case 'partitions':
        stage.markerError = command.areOffline ? errors.KAFKA_STORAGE_ERROR : errors.NONE;
        return undefined;
      case 'restart':
        return this.restart(command.keepsUnsynced);
    }
  }

  restart(keepsUnsynced: boolean): void {
    this.stage = this.stage.restart(keepsUnsynced);
  }

  /** Disks are empty, partitions are there, and time passes: everything that was decided is carried out. */
  async heal(): Promise<void> {
    const { stage } = this;
    stage.appendError = stage.markerError = errors.NONE;
    stage.holdsSyncs = stage.holdsMarkers = false;
    for (let round = 0; round < 4; round++) {
      stage.sync();
      stage.writeMarkers();
      stage.time.pass(40_000);
      await stage.settled();
    }
  }

  checkMemory(): void {
    const told = this.stage.replayed();
    const known = new Map([...this.stage.coordinator.transactions()].map((one) => [one.id, one]));
    // Shards are loaded when they are asked for.
    if (known.size === 0 && told.size > 0) return;
    assert.deepEqual(comparable(known), comparable(told));
  }

  #init({ id, goesOn }: Command & { name: 'init' }): void {
    const client = this.#of(id);
    const outcome = this.#expect<ProducerIdentity>((identity) => this.#moved(client, identity));
    const expected = goesOn ? client.now : undefined;
    this.stage.coordinator.initProducer({ id, timeoutMs: 20_000, expected }, outcome);
  }

  #add({ id, partition, version: clientVersion }: Command & { name: 'add' }): void {
    const { now } = this.#of(id);
    const addition = { id, ...now, partitions: [{ topic: 't', partition }], clientVersion };
    this.stage.coordinator.addPartitionsOfWrite(addition, this.#expect<number>());
  }

  #end({ id, isCommit, isLate, version: clientVersion }: Command & { name: 'end' }): void {
    const client = this.#of(id);
    const { producerId, producerEpoch } = isLate ? client.before : client.now;
    const outcome = this.#expect<ProducerIdentity>((identity) => {
      if (clientVersion === 2) this.#moved(client, identity);
    });
    this.stage.coordinator.endTransaction({ id, producerId, producerEpoch, isCommit, clientVersion }, outcome);
  }

  #moved(client: Client, { producerId, producerEpoch }: ProducerIdentity): void {
    client.before = client.now;
    client.now = { producerId, producerEpoch };
  }

  #of(id: string): Client {
    const client = this.#clients.get(id);
    assert.ok(client);
    return client;
  }

  #expect<R>(answered?: (response: R) => void): Outcome<R> {
    const outcome: Outcome<R> = new Outcome<R>((done) => {
      this.waiting.delete(done);
      if (done.response !== undefined) answered?.(done.response);
    });
    this.waiting.add(outcome);
    return outcome;
  }
}

/** Without what is in memory only. */
function comparable(transactions: ReadonlyMap<string, Transaction>): object[] {
  return [...transactions.values()]
    .sort((one, other) => (one.id < other.id ? -1 : 1))
    .map(({ partitions, ...rest }) => ({
      ...rest,
      lastProducerEpoch: -1,
      partitions: [...partitionNames(partitions)],
    }));
}

function checkMarkers(stage: TransactionStage): void {
  const ends = new Map<string, string>();
  for (const { producerId, producerEpoch, kind, transactionVersion, name } of stage.markers) {
    // Without an epoch of its own, the ends of many transactions look alike.
    if (transactionVersion < 2) continue;
    const key = `${producerId} ${producerEpoch}`;
    assert.equal(ends.get(key) ?? kind, kind, `${name.topic}-${name.partition} ended another way than the others`);
    ends.set(key, kind);
  }
}

test('memory is what the records tell, every end reaches its partitions, and nobody waits for ever', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 60 }), async (commands) => {
      const run = new Run();
      for (const one of commands) {
        await run.perform(one);
        await run.stage.settled();
        run.checkMemory();
      }
      await run.heal();
      run.checkMemory();
      assert.equal(run.waiting.size, 0, 'somebody waits');
      for (const { id: name, state } of run.stage.coordinator.transactions())
        assert.ok(!state.startsWith('Prepare') && state !== 'Ongoing', `${name} hangs in ${state}`);
      checkMarkers(run.stage);
      run.restart(true);
      run.checkMemory();
      run.stage.coordinator.close();
    }),
    { numRuns: Number(process.env['FUZZ_RUNS'] ?? 150) },
  );
});
