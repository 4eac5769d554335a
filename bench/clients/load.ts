/** What a program of `programs/` is told, as JSON in its only argument, and what it prints: one line of JSON with numbers. */
export interface Load {
  bootstrap: string;
  topic: string;
  /** What is done with the client; each program knows the ones it takes. */
  work: 'send-one' | 'batch' | 'in-turn' | 'consume' | 'idle';
  /** How records are taken, where a client has several doors for it. */
  way?: string;
  /** The module that is imported where kafkajs would be: kafkajs, or the one that takes its place. */
  module?: string;
  acks: 1 | -1;
  /** Of our own producer; its default when it is left out. */
  batchBytes?: number;
  /** Bytes of a record's value. */
  size: number;
  /** Time until the clock starts, and from then on. */
  warmupMs: number;
  measuredMs: number;
  /** To write at most, or to read. */
  recordsMax: number;
}

/** Beside the records: no two clients must share a consumer group. */
export function freshGroup({ topic }: Load): string {
  return `${topic}-${process.pid}-${Math.random().toString(36).slice(2)}`;
}

export function readLoad(): Load {
  const load: Load = JSON.parse(process.argv[2] ?? '{}');
  return load;
}
