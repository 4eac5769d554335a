/** `cleaner-offset-checkpoint`: where the last cleaning of each log ended. Without it a log is cleaned from its start again, no more. */
import { type Disk, isMillraceError, type Logger } from '@millrace/base';

import { OffsetCheckpoint } from '../offset-checkpoint.ts';

export class CleanerCheckpoint {
  readonly #file: OffsetCheckpoint;
  readonly #offsets: Map<string, number>;
  #isDirty = false;
  #underway: Promise<unknown> = Promise.resolve();

  constructor(disk: Disk, path: string, log: Logger) {
    this.#file = new OffsetCheckpoint(disk, path, 'cleaner-offset-checkpoint');
    try {
      this.#offsets = this.#file.read();
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      log.warn({ path, reason: error.message }, 'what was compacted is not known: all is looked at again');
      this.#offsets = new Map();
    }
  }

  of(name: string): number | undefined {
    return this.#offsets.get(name);
  }

  set(name: string, offset: number): void {
    if (this.#offsets.get(name) === offset) return;
    this.#offsets.set(name, offset);
    this.#isDirty = true;
  }

  forget(name: string): void {
    if (this.#offsets.delete(name)) this.#isDirty = true;
  }

  /** The log is cut at `offset`: what comes there later was never cleaned. */
  lower(name: string, offset: number): void {
    if ((this.#offsets.get(name) ?? -1) > offset) this.set(name, offset);
  }

  /** Durable when it resolves. */
  save(): Promise<void> {
    const round = this.#underway.catch(() => undefined).then(() => this.#save());
    this.#underway = round;
    return round;
  }

  async idle(): Promise<void> {
    await this.#underway.catch(() => undefined);
  }

  async #save(): Promise<void> {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    try {
      await this.#file.writeAsync(this.#offsets, this.#file.turn());
    } catch (error) {
      this.#isDirty = true;
      throw error;
    }
  }
}
