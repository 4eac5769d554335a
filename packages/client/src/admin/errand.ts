/**
 * A call over many items, each of which has its own place in the cluster and its own fate. In: the items, and a plan: where they go, and
 * how they are asked for there. Out: one result per item, in the order of the items, or a `ClientError` with the `failures` by name and
 * the `results` of the others.
 *
 * Items that fail with what may pass are sent again, alone, after a growing pause, until the call is over.
 */
import type { Target } from '../cluster/cluster.ts';
import { answerError, ClientError, isClientError } from '../error.ts';
import type { Call } from './call.ts';

export interface Plan<I, R> {
  /** How the item is called; two of one name are one item. */
  readonly nameOf: (item: I) => string;
  /** What is done to it, as the beginning of a sentence: `Creating topic "orders"`. */
  readonly what: (item: I) => string;
  readonly route: Route<I>;
  /** One request for items of one place. Whatever happens to an item is put into `fates`; what is thrown happens to all others. */
  readonly ask: (target: Target, items: readonly I[], fates: Fates<R>) => Promise<void>;
  /** More that may pass than the route knows of. */
  readonly passing?: ReadonlySet<string>;
}

export interface Share<I> {
  readonly target: Target;
  readonly items: readonly I[];
}

/** Who answers for items. */
export interface Route<I> {
  /** Which place each item has now. Those that have none are refused; what is thrown happens to all. */
  readonly shares: <J extends I>(
    call: Call,
    items: readonly J[],
    refuse: (item: J, error: ClientError) => void,
  ) => Promise<readonly Share<J>[]>;
  /** Whether an item may have another fate when it is sent again. */
  readonly passes: (error: ClientError) => boolean;
  /** Something passing happened to the item: its place may be another one. */
  readonly lost?: (call: Call, item: I, error: ClientError) => void;
}

export async function runErrand<I, R>(call: Call, given: readonly I[], plan: Plan<I, R>): Promise<R[]> {
  const items = new Map(given.map((item) => [plan.nameOf(item), item]));
  // A broker may speak of what nobody asked for.
  const fates = new Fates<R>((name) => (items.has(name) ? plan.what(items.get(name)!) : `Asking for ${name}`));
  let open = [...items.values()];
  for (let tries = 1; open.length > 0; tries++) {
    await attempt(call, open, plan, fates);
    if (call.reason !== undefined) break;
    open = open.filter((item) => {
      const error = fates.failures.get(plan.nameOf(item));
      if (error === undefined || !(plan.route.passes(error) || plan.passing?.has(error.code) === true)) return false;
      plan.route.lost?.(call, item, error);
      return true;
    });
    if (open.length === 0) break;
    try {
      const failures = open.map((item) => fates.failures.get(plan.nameOf(item))!);
      await call.rest(tries, failures, fates.throttleMs);
    } catch (error) {
      if (!isClientError(error)) throw error;
      for (const item of open) fates.failures.set(plan.nameOf(item), call.reason ?? error);
      break;
    }
  }
  return fates.settle([...items.keys()], call.reason);
}

async function attempt<I, R>(call: Call, items: readonly I[], plan: Plan<I, R>, fates: Fates<R>): Promise<void> {
  const allFailed = (failed: readonly I[], error: unknown): void => {
    if (!isClientError(error)) throw error;
    const names = failed.map(plan.nameOf);
    for (const name of names) if (!fates.results.has(name)) fates.failures.set(name, error);
  };
  for (const item of items) fates.failures.delete(plan.nameOf(item));
  try {
    const refuse = (item: I, error: ClientError): void => void fates.failures.set(plan.nameOf(item), error);
    const shares = await plan.route.shares(call, items, refuse);
    await Promise.all(
      shares.map(async ({ target, items: share }) => {
        try {
          await plan.ask(target, share, fates);
        } catch (error) {
          allFailed(share, error);
        }
      }),
    );
  } catch (error) {
    allFailed(items, error);
  }
}

/** What has come of each item, by name. */
export class Fates<R> {
  readonly results = new Map<string, R>();
  readonly failures = new Map<string, ClientError>();
  /** How long a broker wants to be left alone before more is asked of it. */
  throttleMs = 0;
  readonly #what: (name: string) => string;

  constructor(what: (name: string) => string) {
    this.#what = what;
  }

  done(name: string, result: R): void {
    this.results.set(name, result);
  }

  /** What a broker said of the item: a failure, or nothing at all, which is the `result`. */
  take(name: string, errorCode: number, said: string | null | undefined, result: () => R): void {
    if (errorCode === 0) this.results.set(name, result());
    else this.failures.set(name, answerError(errorCode, this.#what(name), said));
  }

  /** The results in the order of the names. Throws when an item failed or was not spoken of. */
  settle(names: readonly string[], reason: ClientError | undefined): R[] {
    const results: R[] = [];
    const failures = new Map<string, ClientError>();
    for (const name of names) {
      const failure = this.failures.get(name);
      if (failure !== undefined) failures.set(name, failure);
      else if (this.results.has(name)) results.push(this.results.get(name)!);
      else
        failures.set(name, reason ?? new ClientError('BROKEN_ANSWER', `${this.#what(name)}: the answer left it out.`));
    }
    const first = failures.values().next().value;
    if (first === undefined) return results;
    const isAlone = names.length === 1;
    const text = isAlone ? first.message : `${failures.size} of ${names.length} failed. The first: ${first.message}`;
    const retriable = [...failures.values()].every((failure) => failure.retriable);
    throw new ClientError(first.code, text, { cause: isAlone ? first.cause : first, retriable, failures, results });
  }
}

export interface Settled<R> {
  /** Of the items that did not fail. */
  readonly results: readonly R[];
  /** By name. */
  readonly failures: ReadonlyMap<string, ClientError>;
}

/**
 * What came of each item, when some may fail: `const { results, failures } = await settled(admin.describeTopics(names))`. Throws only what
 * ended the whole call.
 */
export function settled<R>(call: Promise<readonly R[]>): Promise<Settled<R>>;
/** Of a call that gives nothing, only the failures tell something. */
export function settled(call: Promise<void>): Promise<Settled<never>>;
export async function settled(call: Promise<readonly unknown[] | void>): Promise<Settled<unknown>> {
  try {
    return { results: (await call) ?? [], failures: new Map() };
  } catch (error) {
    if (!isClientError(error) || error.failures.size === 0) throw error;
    return { results: error.results, failures: error.failures };
  }
}
