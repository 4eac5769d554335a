/** Hands out producer ids from a block that the metadata log has given to this broker. */
import type { Controller } from './metadata/controller.ts';
import type { MetadataLog } from './metadata/metadata-log.ts';

export class ProducerIds {
  readonly #controller: Pick<Controller, 'allocateProducerIds'>;
  readonly #metadata: Pick<MetadataLog, 'commit'>;
  #next = 0;
  #end = 0;
  #underway: Promise<void> | undefined;

  constructor(controller: Pick<Controller, 'allocateProducerIds'>, metadata: Pick<MetadataLog, 'commit'>) {
    this.#controller = controller;
    this.#metadata = metadata;
  }

  /** An id that no producer of this cluster ever had. Throws `MillraceError` STORAGE when no block can be had. */
  async next(): Promise<number> {
    while (this.#next === this.#end) {
      this.#underway ??= this.#allocate().finally(() => (this.#underway = undefined));
      await this.#underway;
    }
    return this.#next++;
  }

  /** Nobody gets an id before its block is on disk: the next start would give it away again. */
  async #allocate(): Promise<void> {
    const { records, response } = this.#controller.allocateProducerIds();
    await this.#metadata.commit(records);
    this.#next = response.first;
    this.#end = response.first + response.count;
  }
}
