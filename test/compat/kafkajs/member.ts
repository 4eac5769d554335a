// One member of a kafkajs group, see ../js-members.ts.

import kafkajs from 'kafkajs';
import type { Telling } from '../js-members.ts';

const [bootstrap = '', groupId = '', topic = '', name = ''] = process.argv.slice(2);
const kafka = new kafkajs.Kafka({
  brokers: [bootstrap],
  clientId: `member-${name}`,
  logLevel: kafkajs.logLevel.NOTHING,
});
const consumer = kafka.consumer({
  groupId,
  sessionTimeout: 1500,
  heartbeatInterval: 100,
  maxWaitTimeInMs: 50,
  rebalanceTimeout: 5000,
});

process.on('message', () => void consumer.disconnect().then(() => process.exit(0)));
process.on('disconnect', () => process.exit(1));
consumer.on('consumer.group_join', ({ payload }) => tell({ assigned: payload.memberAssignment[topic] ?? [] }));
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
await consumer.run({
  autoCommitInterval: 100,
  eachMessage: async ({ partition, message }) => tell({ record: [partition, Number(message.offset)] }),
});

function tell(told: Telling): void {
  process.send?.(told);
}
