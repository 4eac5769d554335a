/** `partition.assignment.strategy` → assignors. In: names as Kafka knows them, and assignors of the user's own. */
import { ClientError } from '../../../error.ts';
import type { Assignor, RebalanceProtocol } from './assignor.ts';
import { rangeAssignor } from './range.ts';
import { roundRobinAssignor } from './round-robin.ts';
import { cooperativeStickyAssignor, stickyAssignor } from './sticky.ts';

const builtIn: ReadonlyMap<string, () => Assignor> = new Map([
  ['range', rangeAssignor],
  ['roundrobin', roundRobinAssignor],
  ['sticky', stickyAssignor],
  ['cooperative-sticky', cooperativeStickyAssignor],
  ['RangeAssignor', rangeAssignor],
  ['RoundRobinAssignor', roundRobinAssignor],
  ['StickyAssignor', stickyAssignor],
  ['CooperativeStickyAssignor', cooperativeStickyAssignor],
]);
const javaPackage = 'org.apache.kafka.clients.consumer.';

/**
 * In the order of preference. A name is that of an assignor (`cooperative-sticky`), Java's class, or that of one in `own`; own ones that
 * no name asks for come first. Throws `ClientError` CONFIG.
 */
export function assignorsOf(names: readonly string[], own: readonly Assignor[] = []): Assignor[] {
  const named = names.map((name) => {
    const mine = own.find((assignor) => assignor.name === name);
    const make = builtIn.get(name.startsWith(javaPackage) ? name.slice(javaPackage.length) : name);
    if (mine !== undefined) return mine;
    if (make !== undefined) return make();
    const known = [...builtIn.keys()].slice(0, 4).join(', ');
    throw new ClientError(
      'CONFIG',
      `partition.assignment.strategy names "${name}", which is none of ${known}; give assignors of your own as objects.`,
    );
  });
  const assignors = [...own.filter((assignor) => !named.includes(assignor)), ...named];
  for (const [index, { name }] of assignors.entries())
    if (assignors.findIndex((other) => other.name === name) !== index)
      throw new ClientError('CONFIG', `partition.assignment.strategy names the assignor "${name}" twice.`);
  protocolOf(assignors);
  return assignors;
}

/** The most that all of them can do: a group moves to cooperative rebalancing when its last eager assignor is gone. */
export function protocolOf(assignors: readonly Assignor[]): RebalanceProtocol {
  for (const protocol of ['cooperative', 'eager'] as const)
    if (assignors.length > 0 && assignors.every(({ protocols }) => protocols.includes(protocol))) return protocol;
  throw new ClientError(
    'CONFIG',
    'partition.assignment.strategy must name at least one assignor, and all of them must have a rebalance protocol in common.',
  );
}
