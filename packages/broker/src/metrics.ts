/**
 * Plain counters, counted where things happen and read when somebody scrapes. Nothing here knows Prometheus; `admin/prometheus.ts`
 * gives the names that dashboards expect.
 */
import { TimeHistogram } from './time-histogram.ts';

export interface TopicCounters {
  messagesIn: number;
  bytesIn: number;
  bytesOut: number;
  produceRequests: number;
  fetchRequests: number;
  failedProduceRequests: number;
  failedFetchRequests: number;
}

export interface ApiCounters {
  count: number;
  totalMs: number;
  readonly times: TimeHistogram;
}

export class Metrics {
  readonly topics = new Map<string, TopicCounters>();
  /** Also of topics that are gone. */
  readonly allTopics: TopicCounters = noCounters();
  /** By API key. */
  readonly requests: (ApiCounters | undefined)[] = [];
  #lastTopic = '';
  #last: TopicCounters | undefined;

  produceRequests(topic: string): void {
    this.#of(topic).produceRequests++;
    this.allTopics.produceRequests++;
  }

  failedProduce(topic: string): void {
    this.#of(topic).failedProduceRequests++;
    this.allTopics.failedProduceRequests++;
  }

  appended(topic: string, records: number, bytes: number): void {
    const counters = this.#of(topic);
    counters.messagesIn += records;
    counters.bytesIn += bytes;
    this.allTopics.messagesIn += records;
    this.allTopics.bytesIn += bytes;
  }

  fetchRequest(topic: string, failed: boolean): void {
    const counters = this.#of(topic);
    counters.fetchRequests++;
    this.allTopics.fetchRequests++;
    if (!failed) return;
    counters.failedFetchRequests++;
    this.allTopics.failedFetchRequests++;
  }

  fetched(topic: string, bytes: number): void {
    this.#of(topic).bytesOut += bytes;
    this.allTopics.bytesOut += bytes;
  }

  request(apiKey: number, durationMs: number): void {
    const counters = (this.requests[apiKey] ??= { count: 0, totalMs: 0, times: new TimeHistogram() });
    counters.count++;
    counters.totalMs += durationMs;
    counters.times.record(durationMs);
  }

  forget(topic: string): void {
    this.topics.delete(topic);
    this.#last = undefined;
  }

  /** Requests name the same topic again and again: the last one found is kept at hand. */
  #of(topic: string): TopicCounters {
    if (this.#last !== undefined && this.#lastTopic === topic) return this.#last;
    let counters = this.topics.get(topic);
    if (counters === undefined) {
      counters = noCounters();
      this.topics.set(topic, counters);
    }
    this.#lastTopic = topic;
    this.#last = counters;
    return counters;
  }
}

function noCounters(): TopicCounters {
  return {
    messagesIn: 0,
    bytesIn: 0,
    bytesOut: 0,
    produceRequests: 0,
    fetchRequests: 0,
    failedProduceRequests: 0,
    failedFetchRequests: 0,
  };
}
