// Transactions of one client, committed and aborted, as the readers of another see them: what was aborted is nobody's.

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { install } from '../../../tools/reference/kafka-home.ts';
import { startTarget, type Target, type TargetKind } from '../../compat/target.ts';
import { javaClient, librdkafkaClient, type TransactionStep } from './foreign-clients.ts';
import { createTopic } from './interop-topic.ts';
import { millraceClient } from './millrace-client.ts';

const topic = 'accounts';
const partitions = 2;
const clients = [javaClient, librdkafkaClient, millraceClient];

install('system', 'kafka', 'python');

for (const kind of ['kafka', 'millrace'] satisfies TargetKind[]) {
  suite(`transactions on ${kind}`, () => {
    let target: Target;

    before(async () => {
      target = await startTarget(kind);
      await createTopic(target.bootstrap, topic, { partitions });
      for (const client of clients) await client.transact(target.bootstrap, topic, client.name, stepsOf(client.name));
    });

    after(async () => {
      await target.stop();
    });

    for (const reader of clients) {
      test(`${reader.name} reads what everybody has committed, in order, and nothing else`, async () => {
        const expected = clients.flatMap(({ name }) => committedBy(name));
        const found = (await reader.readCommitted(target.bootstrap, topic)).map((line) => {
          const [partition = '', , , , value = ''] = line.split('\t');
          return `${partition} ${Buffer.from(value, 'hex').toString()}`;
        });
        for (let partition = 0; partition < partitions; partition++) {
          const inPartition = (line: string) => line.startsWith(`${partition} `);
          assert.deepEqual(found.filter(inPartition), expected.filter(inPartition));
        }
      });
    }
  });
}

/** Twelve transactions: every third is aborted, one is empty, and what follows the last is never ended. */
function stepsOf(name: string): TransactionStep[] {
  return Array.from({ length: 12 }, (_, at): TransactionStep[] => [
    ...(at === 4 ? [] : recordsOf(name, at)),
    isAborted(at) ? 'abort' : 'commit',
  ])
    .flat()
    .concat(recordsOf(name, 12));
}

function committedBy(name: string): string[] {
  return Array.from({ length: 12 }, (_, at) => at)
    .filter((at) => at !== 4 && !isAborted(at))
    .flatMap((at) => recordsOf(name, at).map(({ partition, value }) => `${partition} ${value}`));
}

function recordsOf(name: string, at: number): { partition: number; value: string }[] {
  return Array.from({ length: 20 }, (_, index) => ({ partition: index % partitions, value: `${name} ${at}/${index}` }));
}

function isAborted(at: number): boolean {
  return at % 3 === 2;
}
