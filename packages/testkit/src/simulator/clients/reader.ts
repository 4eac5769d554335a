/** Reads partitions from their first record to where the end is, and goes on as more comes. */
import { errors } from '@millrace/protocol';

import type { Isolation, Place } from '../history.ts';
import { Client, type Surroundings } from './client.ts';
import { fetchAll, type FetchTerms, type Position } from './fetching.ts';

export class Reader extends Client {
  readonly #isolation: Isolation;
  readonly #positions: Position[];

  constructor(surroundings: Surroundings, name: string, isolation: Isolation, places: readonly Place[]) {
    super(surroundings, name);
    this.#isolation = isolation;
    this.#positions = places.map((place) => ({ ...place, offset: 0 }));
  }

  async run(): Promise<void> {
    while (!this.isEnding) {
      await advance(this, this.#positions, {
        isolation: this.#isolation,
        waitMsMax: this.chance.pick([0, 100, 500]),
        bytesMax: this.chance.pick([200, 4_000, 1 << 20]),
      });
      await this.pause(100, 900);
    }
  }
}

/** Reads once, and moves the positions behind what was read. */
export async function advance(client: Client, positions: readonly Position[], terms: FetchTerms): Promise<void> {
  if (positions.length === 0) return;
  for (const { topic, partition, errorCode, to } of (await fetchAll(client, positions, terms)) ?? []) {
    const position = positions.find((one) => one.topic === topic && one.partition === partition);
    if (position === undefined) continue;
    if (errorCode === errors.NONE) position.offset = to;
    else if (errorCode === errors.OFFSET_OUT_OF_RANGE) await goToStart(client, position);
    else client.mustBeRetriable('Fetch', errorCode);
  }
}

/** Records may be deleted before they are read; that the log ends before what was read may not be. */
async function goToStart(client: Client, position: Position): Promise<void> {
  const { topic, partition } = position;
  const [start, end] = [await offsetAt(client, position, -2), await offsetAt(client, position, -1)];
  if (start === undefined || end === undefined) return;
  if (position.offset > end)
    client.surprise(`${topic}-${partition} ends at ${end}, and ${position.offset} was reached`);
  else if (position.offset < start) position.offset = start;
}

/** Of a special time; undefined when there was no answer. */
export async function offsetAt(
  client: Client,
  { topic, partition }: Place,
  timestamp: number,
  isolation: Isolation = 'uncommitted',
): Promise<number | undefined> {
  const answer = await client.ask('listOffsets', 7, {
    replicaId: -1,
    isolationLevel: isolation === 'committed' ? 1 : 0,
    topics: [{ name: topic, partitions: [{ partitionIndex: partition, timestamp }] }],
  });
  const entry = answer?.topics[0]?.partitions[0];
  if (entry === undefined) return undefined;
  if (entry.errorCode === errors.NONE) return entry.offset;
  client.mustBeRetriable('ListOffsets', entry.errorCode);
  return undefined;
}
