/** The membership that a consumer's options ask for. */
import type { Cluster } from '../cluster/cluster.ts';
import type { ConsumerSettings } from './consumer-options.ts';
import { assignorsOf } from './group/assignors/strategy.ts';
import { ClassicMember } from './group/classic-member.ts';
import { ConsumerMember } from './group/consumer-member.ts';
import type { RebalanceMeter } from './group/group-metrics.ts';
import type { Membership, PartitionOwner } from './group/membership.ts';

/** Throws `ClientError` CONFIG. */
export function memberOf(
  { config, assignors }: ConsumerSettings,
  cluster: Cluster,
  owner: PartitionOwner,
  meter: RebalanceMeter,
): Membership {
  const memberConfig = { ...config, 'group.id': config['group.id']! };
  if (config['group.protocol'].toLowerCase() === 'consumer')
    return new ConsumerMember({ cluster, config: memberConfig, owner, meter });
  const names = config['partition.assignment.strategy'];
  return new ClassicMember({ cluster, config: memberConfig, owner, meter, assignors: assignorsOf(names, assignors) });
}
