/** Hands out producer ids from a block that the metadata log has given to this broker. */
import type { Controller } from './metadata/controller.ts';
import type { MetadataLog } from './metadata/metadata-log.ts';

export class ProducerIds {
  readonly #controller: Controller;
  readonly #metadata: MetadataLog;
  #next = 0;
  #end = 0;

  constructor(controller: Controller, metadata: MetadataLog) {
    this.#controller = controller;
    this.#metadata = metadata;
  }

  /** An id that no producer of this cluster ever had; the block it is from is on disk. */
  async next(): Promise<number> {
    while (this.#next === this.#end) {
      const { records, response } = this.#controller.allocateProducerIds();
      const committed = this.#metadata.commit(records);
      this.#next = response.first;
      this.#end = response.first + response.count;
      const id = this.#next++;
      await committed;
      return id;
    }
    return this.#next++;
  }
}
