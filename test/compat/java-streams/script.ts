// Kafka Streams, exactly once: an application that is killed twice, and what it wrote in the end; see StreamsProof.java.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../java-program.ts';
import type { Target } from '../target.ts';

export async function run({ bootstrap }: Target): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'streams-'));
  try {
    // RocksDB would leave its library in the folder for temporary files each time it is killed.
    const env = { ROCKSDB_SHAREDLIB_DIR: dir };
    return await runProgram('StreamsProof', [bootstrap, dir], { env, timeoutMs: 180_000 });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
