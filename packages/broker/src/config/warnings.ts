import { nearestName, type KeyTable } from '@millrace/base';

/** Of other editions of Kafka, or for parts that read them by themselves: not worth a word. */
const foreign = /^(confluent\.|rsm\.config\.|rlmm\.config\.)/;
/** Have a meaning for Kafka's authorizer or for one listener, and none here yet. */
const inertByPattern = /^(super\.users$|allow\.everyone\.if\.no\.acl\.found$|listener\.name\.)/;

/** One line for each name that means nothing, one for all that have no effect yet, one for ZooKeeper. */
export function warningsFor(table: KeyTable, properties: ReadonlyMap<string, string>): string[] {
  const warnings: string[] = [];
  const idle: string[] = [];
  let hasZooKeeper = false;
  for (const [name, text] of properties) {
    const key = Object.hasOwn(table, name) ? table[name] : undefined;
    if (key !== undefined) {
      if (key.inert && text.trim() !== key.default) idle.push(name);
    } else if (name.startsWith('zookeeper.')) hasZooKeeper = true;
    else if (inertByPattern.test(name)) idle.push(name);
    else if (!foreign.test(name)) warnings.push(unknown(name, table));
  }
  if (hasZooKeeper) warnings.push('ZooKeeper is not needed and not asked: the zookeeper.* settings are ignored.');
  if (idle.length > 0) warnings.push(`Accepted, but without effect yet: ${idle.sort().join(', ')}.`);
  return warnings;
}

function unknown(name: string, table: KeyTable): string {
  const nearest = nearestName(name, Object.keys(table));
  return `Unknown configuration ${name} is ignored${nearest === undefined ? '.' : `: did you mean ${nearest}?`}`;
}
