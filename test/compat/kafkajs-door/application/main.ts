// An application that uses all of kafkajs, and prints what it sees: node main.ts host:port [part …].

import { admin } from './admin.ts';
import { consumer } from './consumer.ts';
import { groups } from './groups.ts';
import { network } from './network.ts';
import { producer } from './producer.ts';
import { Stage } from './stage.ts';
import { surface } from './surface.ts';
import { transactions } from './transactions.ts';

const [bootstrap = '', ...names] = process.argv.slice(2);
const parts = { surface, producer, transactions, consumer, groups, admin, network };

async function main(): Promise<void> {
  const stage = new Stage(bootstrap);
  for (const [name, part] of Object.entries(parts)) if (names.length === 0 || names.includes(name)) await part(stage);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
