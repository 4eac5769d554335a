import { Consumer } from '@millrace/client';
import { freshGroup } from '../load.ts';
import { consume } from './consume.ts';

await consume(async (load, tally) => {
  const consumer = new Consumer({
    'bootstrap.servers': load.bootstrap,
    'group.id': freshGroup(load),
    'auto.offset.reset': 'earliest',
  });
  consumer.subscribe([load.topic]);
  if (load.way === 'batches') {
    for await (const batch of consumer.batches()) {
      for (const record of batch) tally.add(record.value?.length ?? 0);
      if (tally.isOver) break;
    }
  } else if (load.way === 'for await') {
    for await (const record of consumer) {
      tally.add(record.value?.length ?? 0);
      if (tally.isOver) break;
    }
  } else {
    const stop = new AbortController();
    void tally.done.then(() => stop.abort());
    await consumer.run({ eachRecord: (record) => tally.add(record.value?.length ?? 0), signal: stop.signal });
  }
  await consumer.close();
});
