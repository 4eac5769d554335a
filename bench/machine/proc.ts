// What Linux tells about processes and the machine, from /proc.

import { readFileSync } from 'node:fs';

/** The unit of time in the stat files on every Linux. */
const ticksPerSecond = 100;

/** CPU seconds of a process in user and kernel mode, all its threads. */
export function cpuSecondsOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text
    .slice(text.lastIndexOf(')') + 1)
    .trim()
    .split(/\s+/);
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** One of the memory lines of a process's status file, in bytes. */
export function memoryOf(pid: number, line: 'VmRSS' | 'VmHWM'): number {
  return kibibytes(`/proc/${pid}/status`, line);
}

export function memoryOfMachine(line: 'MemTotal' | 'MemAvailable' | 'Dirty'): number {
  return kibibytes('/proc/meminfo', line);
}

export function loadAverage(): number {
  return Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0]);
}

/** The share of all processors that worked, sampled over an interval. */
export async function busyShare(intervalMs: number): Promise<number> {
  const before = processorTicks();
  await new Promise((resolve) => setTimeout(resolve, intervalMs));
  const after = processorTicks();
  const [idle, all] = [after.idle - before.idle, after.all - before.all];
  return all === 0 ? 0 : 1 - idle / all;
}

function processorTicks(): { idle: number; all: number } {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n', 1);
  const ticks = line.split(/\s+/).slice(1, 9).map(Number);
  const idle = (ticks[3] ?? 0) + (ticks[4] ?? 0);
  return { idle, all: ticks.reduce((sum, part) => sum + part, 0) };
}

function kibibytes(file: string, line: string): number {
  const found = new RegExp(`^${line}:\\s+(\\d+) kB`, 'm').exec(readFileSync(file, 'utf8'));
  return found === null ? 0 : Number(found[1]) * 1024;
}
