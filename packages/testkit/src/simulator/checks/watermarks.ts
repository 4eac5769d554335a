/**
 * Watermarks as answers tell them: start ≤ last stable ≤ high; none of them goes back from an answer to the next question; and who asks
 * after a record was acknowledged by all finds it below the high watermark. Records go only where somebody lets them go; after the end of a
 * process some of them may be back, because where a log starts is written down every few seconds only, as in Kafka.
 */
import { placeName, trimmedTopics, type Check } from './check.ts';

interface Marks {
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
}

interface Told {
  readonly atMs: number;
  readonly marks: Marks;
}

const nothing: Marks = { highWatermark: 0, lastStableOffset: 0, logStartOffset: 0 };

const names = { highWatermark: 'high watermark', lastStableOffset: 'last stable offset', logStartOffset: 'log start' };

export const watermarks: Check = (events) => {
  const faults: string[] = [];
  const trimmed = trimmedTopics(events);
  const told = new Map<string, Told[]>();
  const acked = new Map<string, { readonly atMs: number; readonly offset: number }[]>();
  let faultAtMs = -1;
  for (const event of events) {
    if (event.kind === 'fault') {
      faultAtMs = event.atMs;
      for (const marks of told.values())
        marks.push({ atMs: faultAtMs, marks: { ...highest(marks.at(-1)?.marks), logStartOffset: 0 } });
    }
    if (event.kind === 'acked' && event.acks === -1) {
      const { atMs, baseOffset, values } = event;
      const known = acked.get(placeName(event)) ?? [];
      known.push({ atMs, offset: Math.max(baseOffset + values.length, known.at(-1)?.offset ?? 0) });
      acked.set(placeName(event), known);
    }
    if (event.kind !== 'watermarks') continue;
    const name = placeName(event);
    const { highWatermark, lastStableOffset, logStartOffset } = event;
    if (lastStableOffset > highWatermark)
      faults.push(`${name}: the last stable offset ${lastStableOffset} is above the high watermark ${highWatermark}`);
    if (logStartOffset > highWatermark)
      faults.push(`${name}: the log starts at ${logStartOffset}, above the high watermark ${highWatermark}`);
    if (logStartOffset > 0 && !trimmed.has(event.topic))
      faults.push(`${name}: the log starts at ${logStartOffset}, and nobody let records go`);
    const before = told.get(name) ?? [];
    const known = lastBefore(before, event.askedAtMs)?.marks;
    for (const [key, mark] of Object.entries(names) as [keyof Marks, string][]) {
      if (known !== undefined && event[key] < known[key])
        faults.push(`${name}: the ${mark} went back from ${known[key]} to ${event[key]}`);
    }
    const mustSee = lastBefore(acked.get(name) ?? [], event.askedAtMs)?.offset ?? 0;
    if (highWatermark < mustSee)
      faults.push(`${name}: the high watermark is ${highWatermark}, and all before ${mustSee} was acknowledged`);
    const last = before.at(-1)?.marks;
    // Of the process before, this one knows nothing.
    const isOld = event.askedAtMs <= faultAtMs;
    before.push({ atMs: event.atMs, marks: highest(last, isOld ? { ...event, logStartOffset: 0 } : event) });
    told.set(name, before);
  }
  return faults;
};

/** The last that was told before the question was asked. */
function lastBefore<T extends { readonly atMs: number }>(sorted: readonly T[], atMs: number): T | undefined {
  for (let index = sorted.length - 1; index >= 0; index--) {
    if (sorted[index]!.atMs < atMs) return sorted[index];
  }
  return undefined;
}

function highest(a: Marks | undefined, b: Marks = nothing): Marks {
  return {
    highWatermark: Math.max(a?.highWatermark ?? 0, b.highWatermark),
    lastStableOffset: Math.max(a?.lastStableOffset ?? 0, b.lastStableOffset),
    logStartOffset: Math.max(a?.logStartOffset ?? 0, b.logStartOffset),
  };
}
