export interface MemorySample {
  readonly records: number;
  readonly rssMiB: number;
  /** Of buffers, those that wait to be collected among them. */
  readonly buffersMiB: number;
  readonly heapMiB: number;
}

export function sampleMemory(records: number): MemorySample {
  const { rss, arrayBuffers, heapUsed } = process.memoryUsage();
  const mebibytes = (bytes: number) => Math.round(bytes / 2 ** 20);
  return { records, rssMiB: mebibytes(rss), buffersMiB: mebibytes(arrayBuffers), heapMiB: mebibytes(heapUsed) };
}
