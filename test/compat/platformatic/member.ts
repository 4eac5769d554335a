// One member of a group of @platformatic/kafka, see ../js-members.ts.

import { Consumer } from '@platformatic/kafka';
import type { Telling } from '../js-members.ts';

const [bootstrap = '', groupId = '', topic = '', name = ''] = process.argv.slice(2);
const consumer = new Consumer({
  clientId: `member-${name}`,
  groupId,
  bootstrapBrokers: [bootstrap],
  sessionTimeout: 1500,
  heartbeatInterval: 100,
  rebalanceTimeout: 5000,
  maxWaitTime: 50,
  autocommit: 100,
});

process.on('message', () => void consumer.close(true).then(() => process.exit(0)));
process.on('disconnect', () => process.exit(1));
const assigned = () => tell({ assigned: consumer.assignments?.find((one) => one.topic === topic)?.partitions ?? [] });
consumer.on('consumer:group:join', assigned);
const stream = await consumer.consume({ topics: [topic], mode: 'committed', fallbackMode: 'earliest' });
assigned();
for await (const { partition, offset } of stream) tell({ record: [partition, Number(offset)] });

function tell(told: Telling): void {
  process.send?.(told);
}
