// A plain loop around one operation: the best of five passes, because everything that disturbs only ever makes it slower.

const passes = 5;
const passMs = 200;

/** Prints nanoseconds per call and, if the call handles bytes, MB/s. */
export function measure(name: string, operation: () => unknown, bytes?: number): void {
  const calls = callsPerPass(operation);
  let best = Number.POSITIVE_INFINITY;
  for (let pass = 0; pass < passes; pass++) best = Math.min(best, timeOf(operation, calls) / calls);
  const speed = bytes === undefined ? '' : `${(bytes / 1000 / best).toFixed(0).padStart(9)} MB/s`;
  console.log(`${name.padEnd(52)}${(best * 1e6).toFixed(0).padStart(10)} ns${speed}`);
}

/** Doubles until a pass takes long enough, which warms the code as well. */
function callsPerPass(operation: () => unknown): number {
  let calls = 1;
  while (timeOf(operation, calls) < passMs) calls *= 2;
  return calls;
}

function timeOf(operation: () => unknown, calls: number): number {
  const startedAtMs = performance.now();
  for (let call = 0; call < calls; call++) sink = operation();
  return performance.now() - startedAtMs;
}

/** Results go here, so that no compiler may drop the call that made them. */
export let sink: unknown;
