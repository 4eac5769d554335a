import { type Load } from '../load.ts';
import { openKafka } from './kafkajs-module.ts';
import { produce, type Sender } from './produce.ts';

process.env['KAFKAJS_NO_PARTITIONER_WARNING'] = '1';
await produce(async (load: Load): Promise<Sender> => {
  const { topic, acks } = load;
  const producer = (await openKafka(load)).producer();
  await producer.connect();
  return {
    send: async (values) => producer.send({ topic, acks, messages: values.map((value) => ({ value })) }),
    close: async () => producer.disconnect(),
  };
});
