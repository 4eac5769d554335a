/** Randomness as the core sees it, so that a simulation can seed it. */
export interface Random {
  /** An integer from 0 to `bound - 1`. */
  below(bound: number): number;
  bytes(count: number): Uint8Array;
}
