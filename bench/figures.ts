// What one run measured, by name, and what is made of the runs of a case.

export type Figures = Record<string, number>;

export interface Spread {
  median: number;
  min: number;
  max: number;
}

export function spread(numbers: readonly number[]): Spread {
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  const middle = (sorted.length - 1) / 2;
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    min: at(0),
    max: at(sorted.length - 1),
  };
}

/** The value below which a share of the numbers lies. */
export function percentile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** Figures that follow from the driver's: bytes a second, and the broker's CPU time for each gigabyte (10⁹ bytes of values). */
export function withRates(figures: Figures): Figures {
  const { bytes = 0, seconds = 0, brokerCpuSeconds = 0 } = figures;
  return { ...figures, megabytesPerSecond: bytes / 1e6 / seconds, cpuSecondsPerGB: brokerCpuSeconds / (bytes / 1e9) };
}

/** Three digits that count. */
export function number(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '–';
  const rounded = Number(value.toPrecision(3));
  return Math.abs(rounded) >= 1000 ? Math.round(value).toLocaleString('en-US') : String(rounded);
}
