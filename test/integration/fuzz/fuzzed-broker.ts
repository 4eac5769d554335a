/** A broker in a process of its own, with the topics that fuzzed requests name, warmed up so that its memory can be compared. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { WireClient } from '@millrace/testkit';

import { startBrokerProcess, type BrokerProcess } from '../broker-process.ts';
import { storm, type StormOptions } from './frame-storm.ts';
import { fuzzTopics, fuzzValues } from './fuzz-values.ts';
import { withLastWords } from './vitals.ts';

export interface FuzzedBroker extends AsyncDisposable {
  readonly process: BrokerProcess;
  /** Everything about a storm but which frames. */
  readonly target: Pick<StormOptions, 'port' | 'values' | 'servedKeys'>;
}

/** Every API at every version about ten times: after that, all codecs are compiled and the heap has the size of work. */
const warmUpFrames = 4000;

export async function startFuzzedBroker(): Promise<FuzzedBroker> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-fuzz-'));
  const broker = await startBrokerProcess({ folder });
  await using client = await WireClient.connect(broker.bootstrap);
  const { topics } = await client.send('createTopics', 7, {
    topics: fuzzTopics.map((name) => ({ name, numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] })),
  });
  const { apiKeys } = await client.send('apiVersions', 3, { clientSoftwareName: 'fuzz', clientSoftwareVersion: '1' });
  const values = fuzzValues(topics.map(({ topicId }) => topicId));
  const target = { port: broker.port, values, servedKeys: new Set(apiKeys.map(({ apiKey }) => apiKey)) };
  await withLastWords(broker, async () => void (await storm({ ...target, seed: 1, from: 0, frames: warmUpFrames })));
  return {
    process: broker,
    target,
    [Symbol.asyncDispose]: async () => {
      await broker.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
