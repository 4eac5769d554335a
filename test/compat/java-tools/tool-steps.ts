// Runs Kafka's own tools one after another in one JVM and notes what each printed.

import { setTimeout as sleep } from 'node:timers/promises';
import { runTool, startTool, ToolHost, type ToolOptions } from '../../../tools/reference/kafka-tool.ts';
import type { Target } from '../target.ts';

export interface StepOptions extends Pick<ToolOptions, 'stdin' | 'timeoutMs'> {
  /** For output whose order is nobody's promise. */
  sorted?: boolean;
  /** Replaces what differs from run to run in this step alone. */
  mask?: (text: string) => string;
}

export class ToolSteps {
  readonly target: Target;
  readonly #host: ToolHost = new ToolHost();
  readonly #lines: string[] = [];

  constructor(target: Target) {
    this.target = target;
  }

  /** Runs a tool against the server and notes standard output, standard error behind `!`, and the exit status. */
  async step(name: string, tool: string, args: string[], options: StepOptions = {}): Promise<string> {
    return await this.local(name, tool, ['--bootstrap-server', this.target.bootstrap, ...args], options);
  }

  /** As `step`, for a tool that is not told of a server, or in its own words. */
  async local(name: string, tool: string, args: string[], options: StepOptions = {}): Promise<string> {
    const { status, stdout, stderr } = await this.#host.run(tool, args, options);
    const mask = (text: string) => (text === '' ? '' : (options.mask?.(text) ?? text));
    const order = (lines: string[]) => (options.sorted === true ? lines.sort() : lines);
    const out = order(linesOf(mask(stdout)));
    const err = order(linesOf(mask(stderr)));
    this.note(name, [...out, ...err.map((line) => `! ${line}`), `exit ${status}`]);
    return stdout;
  }

  /** Runs a tool and notes nothing. */
  async quiet(tool: string, args: string[], options: StepOptions = {}): Promise<string> {
    const { stdout } = await this.#host.run(tool, ['--bootstrap-server', this.target.bootstrap, ...args], options);
    return stdout;
  }

  /**
   * Creates a topic and waits until the broker leads it. Apache Kafka may answer a produce request that comes at once with
   * NOT_LEADER_OR_FOLLOWER and accept the next one in flight; the first is then out of sequence until it times out.
   */
  async createTopic(topic: string, ...args: string[]): Promise<void> {
    await this.quiet('kafka-topics', ['--create', '--topic', topic, ...args]);
    await settle();
  }

  /** Runs a tool that speaks when its JVM ends, in a JVM of its own, and notes nothing. */
  async alone(tool: string, args: string[]): Promise<string> {
    const { status, stdout, stderr } = await runTool(tool, ['--bootstrap-server', this.target.bootstrap, ...args]);
    if (status !== 0) throw new Error(`${tool} ended with ${status}: ${stderr}`);
    return stdout;
  }

  /** Leaves a tool running in a JVM of its own until the scope ends. */
  background(tool: string, args: string[]): { pid: number } & AsyncDisposable {
    const child = startTool(tool, ['--bootstrap-server', this.target.bootstrap, ...args]);
    child.stdout?.resume();
    child.stderr?.resume();
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const dispose = async () => {
      child.kill('SIGTERM');
      await exited;
    };
    return { pid: child.pid ?? 0, [Symbol.asyncDispose]: dispose };
  }

  note(name: string, lines: string[]): void {
    this.#lines.push(`## ${name}`, ...lines, '');
  }

  transcript(): string {
    return this.#lines.join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#host.close();
  }
}

/** The controller answers before the broker's own view follows, by some milliseconds. */
export async function settle(): Promise<void> {
  await sleep(300);
}

/** Frames of stack traces, empty lines, and a word of advice that the Java consumer logs each time. */
const noise = /^\s*$|^\s+at [\w.$]|^\s+\.\.\. \d+ more|^The consumer rebalance protocol \(KIP-848\)/;

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => !noise.test(line));
}
