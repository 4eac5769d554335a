/** When all is over: reads everything, in both ways, and asks what groups have stored. */
import { errors } from '@millrace/protocol';

import type { Isolation, Place, SeenRecord } from '../history.ts';
import { Client, type Surroundings } from './client.ts';
import { fetchAll } from './fetching.ts';
import { fetchStored } from './group-member.ts';
import { offsetAt } from './reader.ts';

export interface ToAudit {
  readonly places: readonly Place[];
  readonly groups: readonly { readonly group: string; readonly places: readonly Place[] }[];
}

export class Auditor extends Client {
  readonly #toAudit: ToAudit;

  constructor(surroundings: Surroundings, toAudit: ToAudit) {
    super(surroundings, 'auditor');
    this.#toAudit = toAudit;
  }

  async run(): Promise<void> {
    for (const place of this.#toAudit.places) {
      for (const isolation of ['uncommitted', 'committed'] as const) await this.#readWhole(place, isolation);
    }
    for (const { group, places } of this.#toAudit.groups) {
      while ((await fetchStored(this, group, places, true)) === undefined) await this.pause(50, 200);
    }
  }

  /** Up to the high watermark in either way: with nobody left, no transaction may be open. */
  async #readWhole(place: Place, isolation: Isolation): Promise<void> {
    let from = await this.#offsetAt(place, -2);
    const end = await this.#offsetAt(place, -1);
    const records: SeenRecord[] = [];
    let offset = from;
    while (offset < end) {
      const terms = { isolation, waitMsMax: 100, bytesMax: 1 << 20 };
      const [fetched] = (await fetchAll(this, [{ ...place, offset }], terms)) ?? [];
      if (fetched?.errorCode === errors.OFFSET_OUT_OF_RANGE) from = offset = await this.#offsetAt(place, -2);
      else if (fetched?.errorCode !== errors.NONE) await this.pause(50, 200);
      else {
        records.push(...fetched.records);
        if (fetched.to === offset) await this.pause(50, 200);
        offset = fetched.to;
      }
    }
    this.history.add({ kind: 'final', ...place, isolation, from, to: offset, records });
  }

  async #offsetAt(place: Place, timestamp: number): Promise<number> {
    for (;;) {
      const offset = await offsetAt(this, place, timestamp);
      if (offset !== undefined) return offset;
      await this.pause(50, 200);
    }
  }
}
