/** Where items go: to the controller, to the leaders of their partitions, to the coordinators of their groups, to brokers by id. */
import type { Target } from '../cluster/cluster.ts';
import type { CoordinatorType } from '../cluster/coordinators.ts';
import { ClientError } from '../error.ts';
import type { TopicPartition } from '../record.ts';
import { type Call, passes } from './call.ts';
import type { Route, Share } from './errand.ts';

/** Everything in one request. */
function toOne(target: Target): Route<unknown> {
  return {
    passes,
    shares: async (_call, items) => [{ target, items }],
  };
}

export const toController: Route<unknown> = toOne('controller');
/** Any broker can answer. */
export const toAny: Route<unknown> = toOne('any');

/** A request each for the broker that the item names; those that name none go to any. */
export function toBrokers<I>(brokerOf: (item: I) => number | undefined): Route<I> {
  return {
    passes,
    shares: async (call, items) => {
      if (call.cluster.metadata.nodes.size === 0) await call.wait(call.cluster.metadata.refresh());
      return grouped(items, (item) => brokerOf(item) ?? 'any');
    },
  };
}

/** A request each for the leader of the item's partition. */
export const toLeaders: Route<TopicPartition> = {
  passes: (error) => passes(error) || error.retriable,
  async shares(call, items, refuse) {
    const { metadata } = call.cluster;
    const leaderOf = ({ topic, partition }: TopicPartition): number | undefined =>
      metadata.partition(topic, partition)?.leaderId;
    metadata.want(new Set(items.map(({ topic }) => topic)));
    if (items.some((item) => (leaderOf(item) ?? -1) < 0)) await call.wait(metadata.refresh());
    const led = items.filter((item) => {
      const leader = leaderOf(item);
      if (leader === undefined) refuse(item, unknownPartition(call, item));
      else if (leader < 0)
        refuse(item, new ClientError('LEADER_NOT_AVAILABLE', `${nameOfPartition(item)} has no leader at present.`));
      else return true;
      return false;
    });
    return grouped(led, (item) => leaderOf(item)!);
  },
};

/** A request each for the coordinator of the items; coordinators are looked up together where brokers can do that. */
export function toCoordinators<I>(type: CoordinatorType, keyOf: (item: I) => string): Route<I> {
  return {
    passes: (error) => passes(error) || isCoordinators(error),
    async shares(call, items, refuse) {
      const found = await call.wait(call.cluster.coordinators.findAll(type, items.map(keyOf)));
      const known = items.filter((item) => {
        const node = found.get(keyOf(item));
        if (node === undefined || node instanceof ClientError) refuse(item, node ?? unnamed(keyOf(item)));
        else return true;
        return false;
      });
      const byNode = Map.groupBy(known, (item) => (found.get(keyOf(item)) as { readonly id: number }).id);
      return [...byNode.values()].map((share) => ({ target: { type, key: keyOf(share[0]!) }, items: share }));
    },
    lost: (call, item) => call.cluster.coordinators.forget(type, keyOf(item)),
  };
}

/** The same of every broker that is alive, tried again broker by broker. In the order of the brokers. */
export async function everyBroker<T>(
  call: Call,
  ask: (brokerId: number) => Promise<T>,
  passing: (error: ClientError) => boolean = () => false,
): Promise<T[]> {
  const { metadata } = call.cluster;
  await call.retry(() => call.wait(metadata.refresh()));
  const ids = [...metadata.nodes.keys()].toSorted((a, b) => a - b);
  return await Promise.all(
    ids.map((id) =>
      call.retry(
        () => ask(id),
        (error) => passes(error) || passing(error),
      ),
    ),
  );
}

function grouped<I>(items: readonly I[], targetOf: (item: I) => Target): Share<I>[] {
  return [...Map.groupBy(items, targetOf)].map(([target, share]) => ({ target, items: share }));
}

/** As Kafka prints it: `orders-3`. */
export function nameOfPartition({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}

function unknownPartition({ cluster: { metadata } }: Call, { topic, partition }: TopicPartition): ClientError {
  const count = metadata.topic(topic)?.partitions.length;
  if (count === undefined)
    return metadata.fault(topic) ?? new ClientError('UNKNOWN_TOPIC_OR_PARTITION', `There is no topic "${topic}".`);
  const text = `Topic "${topic}" has ${count} partitions; there is no partition ${partition}.`;
  return new ClientError('UNKNOWN_TOPIC_OR_PARTITION', text);
}

const coordinatorCodes: ReadonlySet<string> = new Set([
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
]);

/** It has moved, or is not ready yet. */
export function isCoordinators({ code }: ClientError): boolean {
  return coordinatorCodes.has(code);
}

const unnamed = (key: string): ClientError =>
  new ClientError('BROKEN_ANSWER', `The answer to who coordinates "${key}" left it out.`);
