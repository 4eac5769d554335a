/**
 * How long things took, in buckets that grow by a ninth: recording costs an index and an addition, and allocates nothing. Quantiles
 * are of the last one to two turns; whoever reads turns it, so what nobody reads gathers since the last reading.
 */
const bucketsPerOctave = 8;
/** The first bucket ends at 2^-7 ms, the last begins at 2^17 ms, which is two minutes. */
const octaveMin = -7;
const octaveMax = 17;
const bucketCount = (octaveMax - octaveMin) * bucketsPerOctave + 2;

export class TimeHistogram {
  #current = new Uint32Array(bucketCount);
  #previous = new Uint32Array(bucketCount);

  record(durationMs: number): void {
    const bucket = bucketOf(durationMs);
    this.#current[bucket] = (this.#current[bucket] ?? 0) + 1;
  }

  /** What was recorded before the last turn is forgotten. */
  turn(): void {
    const oldest = this.#previous;
    this.#previous = this.#current;
    oldest.fill(0);
    this.#current = oldest;
  }

  /** In milliseconds, one for each of `fractions`, which rise; 0 where nothing was recorded. */
  quantiles(fractions: readonly number[]): number[] {
    let total = 0;
    for (let bucket = 0; bucket < bucketCount; bucket++) total += this.#countIn(bucket);
    let bucket = 0;
    let seen = this.#countIn(0);
    return fractions.map((fraction) => {
      if (total === 0) return 0;
      const wanted = Math.max(1, Math.ceil(fraction * total));
      while (seen < wanted) seen += this.#countIn(++bucket);
      return upperEdge(bucket);
    });
  }

  #countIn(bucket: number): number {
    return (this.#current[bucket] ?? 0) + (this.#previous[bucket] ?? 0);
  }
}

function bucketOf(durationMs: number): number {
  if (!(durationMs > 2 ** octaveMin)) return 0;
  const bucket = 1 + Math.floor((Math.log2(durationMs) - octaveMin) * bucketsPerOctave);
  return Math.min(bucket, bucketCount - 1);
}

function upperEdge(bucket: number): number {
  return 2 ** (octaveMin + bucket / bucketsPerOctave);
}
