/** The seam between who decides what is cleaned and who does it. */
import type { CleanJob, CleanOutcome, Replacement } from './clean-job.ts';

export interface CleanOrder {
  readonly job: CleanJob;
  /** Given when the log has changed so that the job counts no more. */
  readonly signal: AbortSignal;
  /** Puts a new file in its place; false ends the job. */
  readonly swap: (replacement: Replacement) => Promise<boolean>;
}

/** One job at a time. */
export interface LogCleaner {
  /** Undefined when it was ended early: the log has changed under it. */
  clean(order: CleanOrder): Promise<CleanOutcome | undefined>;
  /** Gives back what it holds between jobs. */
  rest(): Promise<void>;
}
