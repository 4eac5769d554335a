// The foreign clients, one line each: what they need to be installed, how the server is set up for them, and what they do.

import { pythonClient } from './python-client.ts';
import type { Target } from './target.ts';
import { run as runFranzGo } from './franz-go/script.ts';
import { run as runJavaTools } from './java-tools/script.ts';
import { run as runKcat } from './kcat/script.ts';

export interface ForeignClient {
  /** Also the folder with the script and FINDINGS.md. */
  name: string;
  /** The part of `tools/reference/install.sh` that brings it. */
  needs: 'system' | 'kafka' | 'python' | 'go';
  properties: Record<string, string>;
  /** Runs everything against the server and tells what it saw, in steps that begin with `## name`. */
  run(target: Target): Promise<string>;
}

/** So that the group notices a killed member after a second and not after six. */
const quickDeath = { 'group.min.session.timeout.ms': '1000' };

export const clients: ForeignClient[] = [
  { name: 'kcat', needs: 'system', properties: {}, run: runKcat },
  { name: 'java-tools', needs: 'kafka', properties: {}, run: runJavaTools },
  { name: 'kafka-python', needs: 'python', properties: quickDeath, run: pythonClient('kafka-python') },
  { name: 'confluent-kafka', needs: 'python', properties: quickDeath, run: pythonClient('confluent-kafka') },
  { name: 'franz-go', needs: 'go', properties: quickDeath, run: runFranzGo },
];
