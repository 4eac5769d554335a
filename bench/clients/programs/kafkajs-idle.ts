import { freshGroup } from '../load.ts';
import { idle } from './idle.ts';
import { openKafka } from './kafkajs-module.ts';

process.env['KAFKAJS_NO_PARTITIONER_WARNING'] = '1';
await idle(async (load) => {
  const { topic } = load;
  const kafka = await openKafka(load);
  const [producer, consumer] = [kafka.producer(), kafka.consumer({ groupId: freshGroup(load) })];
  await Promise.all([producer.connect(), consumer.connect()]);
  await consumer.subscribe({ topic, fromBeginning: true });
  const first = Promise.withResolvers<void>();
  await consumer.run({ eachMessage: async () => first.resolve() });
  await producer.send({ topic, messages: [{ value: 'first' }] });
  await first.promise;
});
