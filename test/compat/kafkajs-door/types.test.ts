// The declarations of kafkajs and of the door, each in the place of the other. The compiler does the proving; what runs shows that all names
// are there.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';

import type * as door from '@millrace/kafkajs';
import * as ours from '@millrace/kafkajs';
import type * as real from 'kafkajs';
import theirs from 'kafkajs';

/** Given only where each of the two may stand for the other. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? 'same' : 'ours is narrower') : 'ours is wider';

interface Types {
  readonly acl: Same<real.AclEntry, door.AclEntry>;
  readonly aclFilter: Same<real.AclFilter, door.AclFilter>;
  readonly admin: Same<real.Admin, door.Admin>;
  readonly adminEvents: Same<real.AdminEvents, door.AdminEvents>;
  readonly assignment: Same<real.MemberAssignment, door.MemberAssignment>;
  readonly batch: Same<real.Batch, door.Batch>;
  readonly consumer: Same<real.Consumer, door.Consumer>;
  readonly consumerEvents: Same<real.ConsumerEvents, door.ConsumerEvents>;
  readonly consumerRunConfig: Same<real.ConsumerRunConfig, door.ConsumerRunConfig>;
  readonly describeConfigs: Same<real.DescribeConfigResponse, door.DescribeConfigResponse>;
  readonly eachBatch: Same<real.EachBatchPayload, door.EachBatchPayload>;
  readonly eachMessage: Same<real.EachMessagePayload, door.EachMessagePayload>;
  readonly groupDescription: Same<real.GroupDescription, door.GroupDescription>;
  readonly headers: Same<real.IHeaders, door.IHeaders>;
  readonly kafkaConfig: Same<real.KafkaConfig, door.KafkaConfig>;
  readonly kafkaMessage: Same<real.KafkaMessage, door.KafkaMessage>;
  readonly logEntry: Same<real.LogEntry, door.LogEntry>;
  readonly logger: Same<real.Logger, door.Logger>;
  readonly message: Same<real.Message, door.Message>;
  readonly metadata: Same<real.MemberMetadata, door.MemberMetadata>;
  readonly partitioner: Same<real.ICustomPartitioner, door.ICustomPartitioner>;
  readonly producer: Same<real.Producer, door.Producer>;
  readonly producerBatch: Same<real.ProducerBatch, door.ProducerBatch>;
  readonly producerConfig: Same<real.ProducerConfig, door.ProducerConfig>;
  readonly producerEvents: Same<real.ProducerEvents, door.ProducerEvents>;
  readonly recordMetadata: Same<real.RecordMetadata, door.RecordMetadata>;
  readonly retryOptions: Same<real.RetryOptions, door.RetryOptions>;
  readonly topicConfig: Same<real.ITopicConfig, door.ITopicConfig>;
  readonly transaction: Same<real.Transaction, door.Transaction>;
}

/** Does not compile where two differ. */
const same: { readonly [K in keyof Types]: 'same' } = {} as Types;

test('every name of kafkajs is exported, by import, as the default and by require', () => {
  assert.deepEqual(same, {});
  const byRequire = createRequire(import.meta.url)('@millrace/kafkajs') as Record<string, unknown>;
  for (const name of Object.keys(theirs)) {
    if (name === 'default') continue;
    assert.ok(name in ours, `${name} by import`);
    assert.ok(name in ours.default, `${name} in the default`);
    assert.ok(name in byRequire, `${name} by require`);
  }
});
