/**
 * Measures in Prometheus' text format. A broker with thousands of partitions has many lines: they are made in turns of a few
 * milliseconds, between which the loop serves clients.
 */
import type { Clock } from '@millrace/base';

import type { Measure, Names, Observed, Sample } from './measure.ts';

/** How long a scrape may keep everybody waiting. */
const turnMsMax = 2;
const linesPerLook = 64;

/** A name that two dialects share is told once. */
export async function expose(dialects: readonly Names[], observed: Observed): Promise<string> {
  const lines: string[] = [];
  const turn = new Turn(observed.doors.host.clock);
  const told = new Set<string>();
  for (const names of dialects) {
    for (const [name, measure] of Object.entries(names)) {
      if (told.has(name)) continue;
      told.add(name);
      lines.push(`# HELP ${name} ${measure.help}\n# TYPE ${name} ${measure.type}\n`);
      for (const sample of measure.samples(observed)) {
        lines.push(lineOf(name, measure, sample));
        if (lines.length % linesPerLook === 0 && turn.isOver) await turn.next();
      }
    }
  }
  return lines.join('');
}

class Turn {
  readonly #clock: Clock;
  #endsAtMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#endsAtMs = clock.monotonic() + turnMsMax;
  }

  get isOver(): boolean {
    return this.#clock.monotonic() >= this.#endsAtMs;
  }

  async next(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#endsAtMs = this.#clock.monotonic() + turnMsMax;
  }
}

function lineOf(name: string, { labels }: Measure, { labels: values, named, value, suffix = '' }: Sample): string {
  let text = '';
  const add = (label: string, of: string | undefined): void => {
    if (of !== undefined && of !== '') text += `${text === '' ? '{' : ','}${label}="${escaped(of)}"`;
  };
  for (const [index, label] of labels.entries()) add(label, values[index]);
  if (named !== undefined) for (const [label, of] of named) add(label, of);
  return `${name}${suffix}${text === '' ? '' : `${text}}`} ${number(value)}\n`;
}

const special = /[\\"\n]/;

function escaped(text: string): string {
  if (!special.test(text)) return text;
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function number(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
