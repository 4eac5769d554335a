// Consumers that are closed in the middle of rebalances, at every moment from the first request to the last. Says what is open in this
// process before and after, and ends by itself: a timer or socket that is left over keeps it.
// Run: node restless-group.ts BOOTSTRAP TOPIC GROUP SETTING=VALUE …

import { setTimeout as sleep } from 'node:timers/promises';
import { Consumer } from '@millrace/client';

const [bootstrap = '', topic = '', group = '', ...words] = process.argv.slice(2);
const settings = Object.fromEntries(words.map((word) => word.split('=')));
const momentsMs = [0, 1, 3, 6, 10, 20, 35, 60, 100, 160, 250, 400];

const before = openResources();
const stayer = open();
await sleep(300);
for (const [at, momentMs] of momentsMs.entries()) {
  const [first, second] = [open(), open()];
  await sleep(momentMs);
  // One leaves while the other joins; every other time both are gone before the group has settled.
  await first.close();
  await (at % 2 === 0 ? sleep(momentMs) : undefined);
  await second.close();
}
await stayer.close();
// What was closed is gone with the next turns.
await sleep(50);
console.log(JSON.stringify({ before, after: openResources() }));

function open(): Consumer {
  const consumer = new Consumer({
    'bootstrap.servers': bootstrap,
    'group.id': group,
    'auto.offset.reset': 'earliest',
    ...settings,
  });
  consumer.subscribe([topic]);
  consumer.run({ eachRecord: () => undefined }).catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
  return consumer;
}

function openResources(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((name) => !['TTYWrap', 'PipeWrap'].includes(name))
    .sort();
}
