// The foreign clients, one line each: what they need to be installed, how the server is set up for them, and what they do.

import { pythonClient } from './python-client.ts';
import type { Target } from './target.ts';
import { run as runFranzGo } from './franz-go/script.ts';
import { run as runJavaClients } from './java-clients/script.ts';
import { run as runJavaConnect } from './java-connect/script.ts';
import { run as runJavaStreams } from './java-streams/script.ts';
import { run as runJavaTools } from './java-tools/script.ts';
import { run as runKcat } from './kcat/script.ts';

export interface ForeignClient {
  /** Also the folder with the script and FINDINGS.md. */
  name: string;
  /** The part of `tools/reference/install.sh` that brings it. */
  needs: 'system' | 'kafka' | 'programs' | 'python' | 'go';
  properties: Record<string, string>;
  /** Gives the server a second log directory, `spare` beside `data`. */
  spareLogDir?: boolean;
  /** Runs everything against the server and tells what it saw, in steps that begin with `## name`. */
  run(target: Target): Promise<string>;
}

/** So that the group notices a killed member after a second and not after six. */
const quickDeath = { 'group.min.session.timeout.ms': '1000' };

/** Heartbeats that come often, and transactions that are ended soon after their time. */
const quickGroups = {
  ...quickDeath,
  'group.consumer.min.session.timeout.ms': '1000',
  'group.consumer.session.timeout.ms': '3000',
  'group.consumer.min.heartbeat.interval.ms': '100',
  'group.consumer.heartbeat.interval.ms': '200',
  'offsets.topic.num.partitions': '2',
  'transaction.state.log.num.partitions': '2',
  'quota.window.num': '2',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '200',
};

export const clients: ForeignClient[] = [
  { name: 'kcat', needs: 'system', properties: {}, run: runKcat },
  { name: 'java-tools', needs: 'kafka', properties: {}, run: runJavaTools },
  { name: 'java-clients', needs: 'programs', properties: quickGroups, spareLogDir: true, run: runJavaClients },
  { name: 'java-streams', needs: 'programs', properties: quickGroups, run: runJavaStreams },
  { name: 'java-connect', needs: 'programs', properties: quickGroups, run: runJavaConnect },
  { name: 'kafka-python', needs: 'python', properties: quickDeath, run: pythonClient('kafka-python') },
  { name: 'confluent-kafka', needs: 'python', properties: quickDeath, run: pythonClient('confluent-kafka') },
  { name: 'franz-go', needs: 'go', properties: quickDeath, run: runFranzGo },
];
