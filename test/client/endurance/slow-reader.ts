// Reads a topic to its end with a handler that is slower than the broker, and says again and again how much memory it has.
// Run: node slow-reader.ts BOOTSTRAP TOPIC RECORDS

import { setTimeout as sleep } from 'node:timers/promises';
import { Consumer } from '@millrace/client';
import { sampleMemory } from './memory-sample.ts';

const [bootstrap = '', topic = '', count = ''] = process.argv.slice(2);
const recordsMax = Number(count);
/** A pause of some milliseconds after so many records: a third of what a broker can deliver, or less. */
const perPause = 5000;
const pauseMs = 4;

const consumer = new Consumer({
  'bootstrap.servers': bootstrap,
  'group.id': `slow-${topic}`,
  'auto.offset.reset': 'earliest',
  'auto.commit.interval.ms': 500,
});
consumer.subscribe([topic]);
const stop = new AbortController();
let records = 0;
await consumer.run({
  concurrency: 1,
  signal: stop.signal,
  eachRecord: ({ value }) => {
    if (value?.length !== 100) throw new Error(`a value of ${value?.length} bytes`);
    records++;
    if (records % (recordsMax / 20) === 0) console.log(JSON.stringify(sampleMemory(records)));
    if (records >= recordsMax) stop.abort();
    return records % perPause === 0 ? sleep(pauseMs) : undefined;
  },
});
await consumer.close();
