import { Consumer } from '@platformatic/kafka';
import { freshGroup } from '../load.ts';
import { consume } from './consume.ts';

await consume(async (load, tally) => {
  const { bootstrap, topic, way } = load;
  const consumer = new Consumer({ clientId: 'bench', groupId: freshGroup(load), bootstrapBrokers: [bootstrap] });
  const stream = await consumer.consume({ topics: [topic], mode: 'earliest' });
  if (way === 'data') {
    stream.on('data', (message) => tally.add(message.value.length));
    await tally.done;
  } else {
    for await (const message of stream) {
      tally.add(message.value.length);
      if (tally.isOver) break;
    }
  }
  await consumer.close(true);
});
