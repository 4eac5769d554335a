import { Producer } from '@platformatic/kafka';
import { produce } from './produce.ts';

await produce(async ({ bootstrap, topic, acks }) => {
  const producer = new Producer({ clientId: 'bench', bootstrapBrokers: [bootstrap] });
  return {
    send: async (values) => producer.send({ acks, messages: values.map((value) => ({ topic, value })) }),
    close: async () => producer.close(),
  };
});
