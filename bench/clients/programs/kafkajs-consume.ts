import { freshGroup } from '../load.ts';
import { consume } from './consume.ts';
import { openKafka } from './kafkajs-module.ts';

await consume(async (load, tally) => {
  const consumer = (await openKafka(load)).consumer({ groupId: freshGroup(load) });
  await consumer.connect();
  await consumer.subscribe({ topic: load.topic, fromBeginning: true });
  await consumer.run(
    load.way === 'eachMessage'
      ? { eachMessage: async ({ message }) => tally.add(message.value?.length ?? 0) }
      : {
          eachBatch: async ({ batch }) => {
            for (const { value } of batch.messages) tally.add(value?.length ?? 0);
          },
        },
  );
  await tally.done;
  await consumer.disconnect();
});
