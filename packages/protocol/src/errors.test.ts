import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  errorKind,
  errorName,
  errors,
  errorText,
  isKafkaError,
  isRetriable,
  KafkaError,
  type ErrorName,
} from './errors.ts';

test('codes run from -1 without a gap, so that a code finds its name by position', () => {
  const codes = Object.values(errors);
  assert.deepEqual(
    codes,
    Array.from({ length: 138 }, (_, index) => index - 1),
  );
  for (const [name, code] of Object.entries(errors)) assert.equal(errorName(code), name);
});

test('a code from a newer broker is an unknown server error', () => {
  assert.equal(errorName(137), 'UNKNOWN_SERVER_ERROR');
  assert.equal(errorName(-2), 'UNKNOWN_SERVER_ERROR');
  assert.equal(isRetriable(32_767), false);
});

test('every error has its own text in one sentence or two', () => {
  const texts = Object.values(errors).map(errorText);
  assert.equal(new Set(texts).size, texts.length);
  for (const text of texts) assert.match(text, /^[A-Za-z].*\.$/);
});

test('what may pass is told from what may not, and what needs new metadata from both', () => {
  assert.equal(errorKind(errors.NOT_LEADER_OR_FOLLOWER), 'refresh');
  assert.equal(errorKind(errors.COORDINATOR_LOAD_IN_PROGRESS), 'retry');
  assert.equal(errorKind(errors.MESSAGE_TOO_LARGE), 'final');
  assert.equal(isRetriable(errors.NONE), false);
});

test('a KafkaError carries its row of the table and is known across copies of the package', () => {
  const error = new KafkaError(
    'FENCED_LEADER_EPOCH',
    'append to orders-3: the leader epoch is old; look up the leader',
  );
  assert.equal(error.code, 74);
  assert.equal(error.retriable, true);
  assert.equal(error.error satisfies ErrorName, 'FENCED_LEADER_EPOCH');
  assert.ok(isKafkaError(error) && !isKafkaError(new Error(error.message)) && !isKafkaError(null));
  assert.equal(new KafkaError('NOT_CONTROLLER').message, errorText(errors.NOT_CONTROLLER));
});
