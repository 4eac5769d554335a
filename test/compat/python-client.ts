// Runs one of the Python scripts, which note their steps on standard output, in the environment that install.sh made.

import { join } from 'node:path';
import { cacheDir } from '../../tools/reference/kafka-home.ts';
import { runCommand } from './command.ts';
import type { Target } from './target.ts';

export function pythonClient(name: string): (target: Target) => Promise<string> {
  return async ({ bootstrap }) => {
    const python = join(cacheDir, 'python', 'bin', 'python');
    const env = { PYTHONPATH: join(import.meta.dirname, 'python'), PYTHONDONTWRITEBYTECODE: '1' };
    const { status, stdout, stderr } = await runCommand(
      python,
      [join(import.meta.dirname, name, 'script.py'), bootstrap],
      { env, timeoutMs: 180_000 },
    );
    return status === 0 ? stdout : `${stdout}\n## the script ended early\nexit ${status}\n${stderr}`;
  };
}
