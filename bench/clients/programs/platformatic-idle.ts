import { once } from 'node:events';
import { Consumer, Producer } from '@platformatic/kafka';
import { freshGroup } from '../load.ts';
import { idle } from './idle.ts';

await idle(async (load) => {
  const { bootstrap, topic } = load;
  const options = { clientId: 'bench', bootstrapBrokers: [bootstrap] };
  const [producer, consumer] = [new Producer(options), new Consumer({ ...options, groupId: freshGroup(load) })];
  const stream = await consumer.consume({ topics: [topic], mode: 'earliest' });
  const first = once(stream, 'data');
  await producer.send({ messages: [{ topic, value: Buffer.from('first') }] });
  await first;
});
