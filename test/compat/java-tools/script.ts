// Apache Kafka's own command-line tools, unmodified; one file for each kind of thing they do.

import type { Target } from '../target.ts';
import { cluster } from './cluster.ts';
import { configs } from './configs.ts';
import { consoles } from './console.ts';
import { consumerProtocol } from './consumer-protocol.ts';
import { elections } from './elections.ts';
import { entities } from './entities.ts';
import { groups } from './groups.ts';
import { load } from './load.ts';
import { logs } from './logs.ts';
import { quorum } from './quorum.ts';
import { reassignment } from './reassignment.ts';
import { ToolSteps } from './tool-steps.ts';
import { topics } from './topics.ts';
import { transactions } from './transactions.ts';

const parts = [
  topics,
  consoles,
  groups,
  consumerProtocol,
  configs,
  entities,
  logs,
  transactions,
  elections,
  reassignment,
  cluster,
  quorum,
  load,
];

export async function run(target: Target): Promise<string> {
  await using tools = new ToolSteps(target);
  const only = process.env['COMPAT_PART'];
  for (const part of parts) {
    if (only !== undefined && part.name !== only) continue;
    try {
      await part(tools);
    } catch (failure) {
      tools.note(`the rest of ${part.name}`, [String(failure)]);
    }
  }
  return tools.transcript();
}
