/** The membership that a consumer's options ask for. */
import type { Cluster } from '../cluster/cluster.ts';
import type { ConsumerSettings } from './consumer-options.ts';
import { ClassicMember } from './group/classic-member.ts';
import { ConsumerMember } from './group/consumer-member.ts';
import type { MemberOptions } from './group/member-options.ts';
import type { Membership, PartitionOwner } from './group/membership.ts';

/** Who looks on. */
export type MemberWatch = Pick<MemberOptions, 'meter' | 'lookAtUser'>;

export function memberOf(
  { config, assignors }: ConsumerSettings,
  cluster: Cluster,
  owner: PartitionOwner,
  watch: MemberWatch,
): Membership {
  const options = { cluster, config: { ...config, 'group.id': config['group.id']! }, owner, ...watch };
  if (config['group.protocol'].toLowerCase() === 'consumer') return new ConsumerMember(options);
  return new ClassicMember({ ...options, assignors });
}
