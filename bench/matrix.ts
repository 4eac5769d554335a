import type { Case } from './case.ts';
import { compaction } from './cases/compaction.ts';
import { connectionCases } from './cases/connections.ts';
import { embedded } from './cases/embedded.ts';
import { fetchCases } from './cases/fetch.ts';
import { javaCases } from './cases/java.ts';
import { latencyCases } from './cases/latency.ts';
import { memory } from './cases/memory.ts';
import { produceCases } from './cases/produce.ts';
import { recover } from './cases/recover.ts';
import { start } from './cases/start.ts';
import { transactionCases } from './cases/transactions.ts';

const byDurability = (durability: Case['durability']) => (entry: Case) => entry.durability === durability;
const kept: Case[] = [...produceCases, ...transactionCases, ...latencyCases, ...fetchCases, ...javaCases];

/** All cases, in the order in which they run: brokers that stay up are started once for each durability. */
export const matrix: Case[] = [
  ...kept.filter(byDurability('os')),
  ...kept.filter(byDurability('sync')),
  start,
  recover,
  memory,
  compaction,
  ...connectionCases,
  embedded,
];
