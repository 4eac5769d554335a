/**
 * One simulation. In: a seed. Out: what went wrong, and a hash of all that happened, which the same seed gives again. The broker is the
 * real one; clock, disk, network and clients come from here.
 */
import { allChecks } from './checks/all-checks.ts';
import { History } from './history.ts';
import { copies, World } from './world.ts';

export interface SimulationOptions {
  /** How long there are faults, in virtual time; drawn from the seed when left out. */
  readonly faultsMs?: number;
  /** Gets every line of the trace. */
  readonly print?: (line: string) => void;
}

export interface SimulationResult {
  readonly seed: number;
  readonly traceHash: string;
  /** What must not be, each with the name of the check that found it. */
  readonly violations: readonly string[];
  readonly virtualMs: number;
  readonly realMs: number;
  readonly eventCount: number;
  readonly lives: number;
  readonly history: History;
}

export async function simulate(seed: number, options: SimulationOptions = {}): Promise<SimulationResult> {
  const startedAtMs = performance.now();
  const world = new World(seed, options);
  await world.run();
  const { history, time, broker } = world;
  const violations = Object.entries({ ...allChecks, 'copied exactly once': copies }).flatMap(([name, check]) =>
    check(history.events).map((fault) => `${name}: ${fault}`),
  );
  return {
    seed,
    traceHash: history.digest(),
    violations,
    virtualMs: time.nowMs,
    realMs: performance.now() - startedAtMs,
    eventCount: history.events.length,
    lives: broker.lives,
    history,
  };
}
