// Runs one foreign command and keeps what it said.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface CommandResult {
  /** The exit status; null if the command was ended because its time was over. */
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  stdin?: string;
  timeoutMs?: number;
  cwd?: string;
  env?: Record<string, string>;
}

export async function runCommand(
  command: string,
  args: string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { cwd } = options;
  const env = { ...process.env, ...options.env };
  const child = spawn(command, args, { cwd, stdio: ['pipe', 'pipe', 'pipe'], env });
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 60_000);
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.stdin ?? '');
  await once(child, 'close');
  clearTimeout(timer);
  process.off('exit', kill);
  return { status: child.exitCode, stdout, stderr };
}
