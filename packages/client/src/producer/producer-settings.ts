/** Options as a user gives them → what a producer works with. Pairs that contradict each other are refused, as by Java's producer. */
import type { Values } from '@millrace/base';
import { codecNamed } from '@millrace/protocol';

import { ClientError } from '../error.ts';
import { readOptions, type OptionsOf } from '../options/read-options.ts';
import { producerKeys } from './producer-keys.ts';

export type ProducerConfig = Values<typeof producerKeys>;
export type ProducerKeyOptions = OptionsOf<typeof producerKeys>;

export interface ProducerSettings {
  readonly acks: -1 | 0 | 1;
  readonly batchBytes: number;
  readonly lingerMs: number;
  readonly memoryBytes: number;
  readonly blockMsMax: number;
  readonly requestBytesMax: number;
  readonly retries: number;
  readonly deliveryTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly inFlightMax: number;
  readonly isIdempotent: boolean;
  readonly codecId: number;
  readonly compressionLevel: number | undefined;
  readonly ignoresKeys: boolean;
  readonly isAdaptive: boolean;
  readonly availabilityTimeoutMs: number;
  readonly transactionalId: string | undefined;
  readonly transactionTimeoutMs: number;
  readonly topicIdleMs: number;
}

const intMax = 0x7fff_ffff;

/** Throws `ClientError` CONFIG. */
export function readProducerConfig(given: Readonly<Record<string, unknown>>, own: readonly string[]): ProducerConfig {
  return readOptions(producerKeys, given, own);
}

/** Throws `ClientError` CONFIG. */
export function producerSettings(config: ProducerConfig, given: Readonly<Record<string, unknown>>): ProducerSettings {
  if (config['transaction.two.phase.commit.enable'])
    throw wrong('transaction.two.phase.commit.enable: no broker offers two-phase commits yet (KIP-939).');
  const acks = config.acks === 'all' ? -1 : (Number(config.acks) as -1 | 0 | 1);
  const codecName = config['compression.type'];
  const codec = codecNamed(codecName)!;
  if (codec.missing !== undefined) throw wrong(`compression.type=${codecName}: ${codec.missing}`);
  return {
    acks,
    batchBytes: Math.max(1, config['batch.size']),
    lingerMs: config['linger.ms'],
    memoryBytes: config['buffer.memory'],
    blockMsMax: config['max.block.ms'],
    requestBytesMax: config['max.request.size'],
    retries: config.retries,
    deliveryTimeoutMs: deliveryTimeoutMs(config, given),
    requestTimeoutMs: config['request.timeout.ms'],
    inFlightMax: config['max.in.flight.requests.per.connection'],
    isIdempotent: isIdempotent(config, given, acks),
    codecId: codec.id,
    compressionLevel:
      codecName === 'none' || codecName === 'snappy' ? undefined : config[`compression.${codecName}.level`],
    ignoresKeys: config['partitioner.ignore.keys'],
    isAdaptive: config['partitioner.adaptive.partitioning.enable'],
    availabilityTimeoutMs: config['partitioner.availability.timeout.ms'],
    transactionalId: config['transactional.id'] ?? undefined,
    transactionTimeoutMs: config['transaction.timeout.ms'],
    topicIdleMs: config['metadata.max.idle.ms'],
  };
}

/** Where it was not asked for, an option that contradicts it switches it off; where it was, the contradiction is refused. */
function isIdempotent(config: ProducerConfig, given: Readonly<Record<string, unknown>>, acks: number): boolean {
  const isWanted = config['enable.idempotence'];
  const isTransactional = config['transactional.id'] !== null;
  if (!isWanted) {
    if (isTransactional) throw wrong('A transactional.id needs enable.idempotence, which is switched off.');
    return false;
  }
  const against =
    acks !== -1
      ? `acks=all, not ${config.acks}`
      : config.retries === 0
        ? 'retries above 0'
        : config['max.in.flight.requests.per.connection'] > 5
          ? `max.in.flight.requests.per.connection of at most 5, not ${config['max.in.flight.requests.per.connection']}`
          : undefined;
  if (against === undefined) return true;
  if (isTransactional) throw wrong(`A transactional.id needs ${against}.`);
  if (given['enable.idempotence'] !== undefined) throw wrong(`enable.idempotence needs ${against}.`);
  return false;
}

function deliveryTimeoutMs(config: ProducerConfig, given: Readonly<Record<string, unknown>>): number {
  const { 'delivery.timeout.ms': deliveryMs, 'linger.ms': lingerMs, 'request.timeout.ms': requestMs } = config;
  const leastMs = Math.min(intMax, lingerMs + requestMs);
  if (deliveryMs >= leastMs) return deliveryMs;
  if (given['delivery.timeout.ms'] !== undefined)
    throw wrong(`delivery.timeout.ms (${deliveryMs}) must be at least linger.ms + request.timeout.ms (${leastMs}).`);
  return leastMs;
}

const wrong = (text: string): ClientError => new ClientError('CONFIG', text);
