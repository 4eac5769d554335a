/** Runs the application, with kafkajs itself or with our door in its place, against a cluster. Gives what it printed. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

export type Library = 'kafkajs' | 'door';

const main = join(import.meta.dirname, 'application', 'main.ts');
const hook = join(import.meta.dirname, 'door-hook.ts');

export async function runApplication(
  library: Library,
  bootstrap: string,
  parts: readonly string[] = [],
): Promise<string> {
  const args = [...(library === 'door' ? ['--import', hook] : []), main, bootstrap, ...parts];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = new Promise<number | null>((resolve) => void child.once('exit', resolve));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  if (code !== 0) throw new Error(`the application ended with ${code}:\n${out.slice(-2000)}\n${err}`);
  return out;
}
