import type { Stage } from '../case.ts';
import type { Durability, SideName, Site, SiteOptions } from './broker.ts';
import { kafkaFlags, layOutKafka, withClassArchive, withShortSession } from './kafka.ts';
import { layOutMillrace, millraceFlags } from './millrace.ts';

/** Prepares a broker in a folder: configuration, and for Kafka the formatting that its first start needs. */
export async function layOut(side: SideName, options: SiteOptions): Promise<Site> {
  return side === 'kafka' ? await layOutKafka(options) : await layOutMillrace(options);
}

/** The broker of a stage, in its folder or one below it. A smoke run wants a fast start more than a fair one. */
export async function layOutStage({ side, durability, smoke, dir: own }: Stage, dir: string = own): Promise<Site> {
  const site = await layOut(side, { dir, durability });
  return smoke ? withShortSession(withClassArchive(site)) : site;
}

export function flagsOf(side: SideName, durability: Durability): string[] {
  return side === 'kafka' ? kafkaFlags(durability) : millraceFlags(durability);
}
