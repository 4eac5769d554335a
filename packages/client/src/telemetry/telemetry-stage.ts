/** A broker that wants metrics, and a client that has some and does nothing else. Time goes by when a test moves it. For tests. */
import { silentLogger, type Timer } from '@millrace/base';
import type { Dial } from '@millrace/net';
import { apis, decompress, errors } from '@millrace/protocol';
import {
  dialScripted,
  everyVersion,
  pushedMetrics,
  ScriptedBroker,
  type ScriptedAnswer,
  TestHost,
} from '@millrace/testkit';

import { Cluster } from '../cluster/cluster.ts';
import { count, gauge, max } from '../metrics/metric-table.ts';
import type { OpenMetrics } from '../metrics/metric-registry.ts';
import { clientKeys } from '../options/client-keys.ts';
import { readOptions } from '../options/read-options.ts';
import { Telemetry } from './telemetry.ts';

export interface SeenPush {
  readonly clientInstanceId: string;
  readonly subscriptionId: number;
  readonly terminating: boolean;
  readonly compressionType: number;
  /** As `name kind value from-to {labels}`, times in seconds since the client began. */
  readonly lines: readonly string[];
}

const table = {
  group: 'producer-metrics',
  tags: [],
  rows: { 'record-send-total': count('sent', 'x'), 'record-size-max': max('sent', 'x'), 'io-ratio': gauge('x') },
} as const;

/** Nothing else goes on. */
const quiet = { 'metadata.max.age.ms': 1_000_000_000, 'connections.max.idle.ms': 1_000_000_000 };

export const instanceId = 'abcdefghijklmnopqrstuw';
export const intervalMs = 10_000;
const stepMs = 500;

export class TelemetryStage {
  readonly host = new TestHost();
  readonly broker: ScriptedBroker;
  readonly dial: Dial;
  readonly cluster: Cluster;
  readonly telemetry: Telemetry;
  readonly sent: OpenMetrics<typeof table>['sensors']['sent'];
  readonly pushes: SeenPush[] = [];
  /** Ids that asked. */
  readonly asked: string[] = [];
  isOffered = true;
  /** Fields of the subscription in place of the ordinary ones. */
  wanted: object = {};
  /** What the next pushes and questions are answered by, first to last; afterwards they are taken. */
  readonly verdicts: (number | ScriptedAnswer)[] = [];
  /** Timers of telemetry that have not come to their time. */
  waitingCount = 0;
  readonly #startedAtMs: number;

  constructor(options: Readonly<Record<string, unknown>> = {}) {
    const { clock, timers, random } = this.host;
    const background = { after: (delayMs: number, callback: () => void) => this.#after(delayMs, callback) };
    this.broker = new ScriptedBroker(({ name, request }) => this.#answer(name, request as never));
    const dial = dialScripted(new Map([['b1:9092', this.broker]]));
    this.dial = dial;
    const config = readOptions(clientKeys, {
      'bootstrap.servers': 'b1:9092',
      'client.rack': 'r1',
      ...quiet,
      ...options,
    });
    this.cluster = new Cluster({ host: { clock, timers, background, random, log: silentLogger, dial }, config });
    const { sensors } = this.cluster.metrics.open(table, { 'io-ratio': () => 0.5 }, { 'node-id': 'node-1' });
    this.sent = sensors.sent;
    this.telemetry = new Telemetry(this.cluster, () => [['transactional_id', 'x']]);
    this.#startedAtMs = this.cluster.metrics.startedAtMs;
  }

  /** Until nothing more happens at this time. */
  async quiet(): Promise<void> {
    for (let turn = 0; turn < 6; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Bit by bit, so that what a timer begins can happen. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.host.clock.monotonic() + byMs;
    for (let leftMs = byMs; leftMs > 0; leftMs = untilMs - this.host.clock.monotonic()) {
      this.host.advance(Math.min(leftMs, stepMs));
      await this.quiet();
    }
  }

  /** Until it has pushed so often. */
  async pushed(count: number): Promise<void> {
    while (this.pushes.length < count) await this.advance(stepMs);
  }

  /** The client connects. */
  async begin(): Promise<void> {
    await this.cluster.metadata.refresh();
    await this.quiet();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.telemetry.close();
    await this.cluster.close();
  }

  #after(delayMs: number, callback: () => void): Timer {
    this.waitingCount++;
    let isOver = false;
    const ended = (): void => {
      if (!isOver) this.waitingCount--;
      isOver = true;
    };
    const timer = this.host.timers.after(delayMs, () => {
      ended();
      callback();
    });
    return {
      cancel: () => {
        timer.cancel();
        ended();
      },
    };
  }

  #answer(name: string, request: Omit<SeenPush, 'lines'> & { readonly metrics: Buffer }): ScriptedAnswer {
    if (name === 'apiVersions') return this.#versions();
    if (name === 'metadata')
      return {
        brokers: [{ nodeId: 1, host: 'b1', port: 9092, rack: null }],
        clusterId: 'c',
        controllerId: 1,
        topics: [],
      };
    const isPush = name === 'pushTelemetry';
    if (isPush) {
      const { metrics, ...rest } = request;
      const lines = linesOf(decompress(rest.compressionType, metrics, 1 << 20), this.#startedAtMs);
      this.pushes.push({ ...rest, lines });
    } else this.asked.push(request.clientInstanceId);
    const verdict = this.verdicts.shift() ?? errors.NONE;
    if (typeof verdict !== 'number') return verdict;
    return isPush || verdict !== errors.NONE ? { ...this.#subscription(), errorCode: verdict } : this.#subscription();
  }

  #subscription(): object {
    return {
      errorCode: 0,
      clientInstanceId: instanceId,
      subscriptionId: 7,
      acceptedCompressionTypes: [4, 1],
      pushIntervalMs: intervalMs,
      telemetryMaxBytes: 1 << 20,
      deltaTemporality: true,
      requestedMetrics: ['org.apache.kafka.producer.'],
      ...this.wanted,
    };
  }

  #versions(): object {
    const all = everyVersion() as { readonly apiKeys: readonly object[] };
    if (!this.isOffered) return all;
    const offered = [apis.getTelemetrySubscriptions, apis.pushTelemetry].map(({ key }) => ({
      apiKey: key,
      minVersion: 0,
      maxVersion: 0,
    }));
    return { ...all, apiKeys: [...all.apiKeys, ...offered] };
  }
}

function linesOf(metricsData: Buffer, startedAtMs: number): string[] {
  const seconds = (timeMs: number): number => (timeMs - startedAtMs) / 1000;
  return pushedMetrics(metricsData).map(({ name, kind, value, sinceMs, atMs, resource, labels }) => {
    const since = sinceMs === 0 ? '' : seconds(sinceMs);
    return `${name} ${kind} ${value} ${since}-${seconds(atMs)} {${[...resource, ...labels].join(' ')}}`;
  });
}
