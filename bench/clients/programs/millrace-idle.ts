import { Consumer, Producer } from '@millrace/client';
import { freshGroup } from '../load.ts';
import { idle } from './idle.ts';

await idle(async (load) => {
  const { bootstrap, topic } = load;
  const producer = new Producer({ 'bootstrap.servers': bootstrap });
  const consumer = new Consumer({
    'bootstrap.servers': bootstrap,
    'group.id': freshGroup(load),
    'auto.offset.reset': 'earliest',
  });
  consumer.subscribe([topic]);
  const first = Promise.withResolvers<void>();
  void consumer.run({ eachRecord: () => first.resolve() });
  await producer.send({ topic, value: 'first' });
  await first.promise;
});
