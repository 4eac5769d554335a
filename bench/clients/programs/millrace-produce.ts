import { Producer } from '@millrace/client';
import { produce } from './produce.ts';

await produce(async ({ bootstrap, topic, acks, work, batchBytes }) => {
  const producer = new Producer({
    'bootstrap.servers': bootstrap,
    acks: `${acks}`,
    ...(batchBytes !== undefined && { 'batch.size': batchBytes }),
  });
  return {
    send:
      work === 'batch'
        ? (values) => producer.send(values.map((value) => ({ topic, value })))
        : ([value]) => producer.send({ topic, value }),
    close: async () => producer.close(),
  };
});
