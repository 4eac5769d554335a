/**
 * What clients pushed, as series for /metrics. In: points of one client. Out: families by name, as Prometheus wants them; a client's
 * series go with the client. How many there may be has an end, and what comes beyond it is counted and dropped.
 */
import type { Measure, Names, Sample } from '../admin/measure.ts';
import type { Point } from './otlp.ts';

interface Series {
  readonly labels: readonly (readonly [string, string])[];
  value: number;
}

interface Family {
  readonly type: 'gauge' | 'counter';
  /** By client and labels. */
  readonly byClient: Map<string, Map<string, Series>>;
}

/** What makes a series a client's. */
export interface SeriesOwner {
  readonly clientInstanceId: string;
  readonly clientId: string;
}

const familiesMax = 2000;
const seriesMax = 50_000;
const seriesPerClientMax = 1000;
/** Names of clients never meet names of ours. */
const prefix = 'kafka_client_';
const kafkaPrefix = 'org.apache.kafka.';

export class ClientSeries {
  readonly #families = new Map<string, Family>();
  readonly #countByClient = new Map<string, number>();
  #count = 0;
  #droppedCount = 0;

  get count(): number {
    return this.#count;
  }

  /** Points that found no room. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  put(owner: SeriesOwner, points: readonly Point[]): void {
    for (const point of points) if (!this.#putOne(owner, point)) this.#droppedCount++;
  }

  remove(clientInstanceId: string): void {
    if (!this.#countByClient.delete(clientInstanceId)) return;
    for (const [name, { byClient }] of this.#families) {
      const series = byClient.get(clientInstanceId);
      if (series === undefined) continue;
      this.#count -= series.size;
      byClient.delete(clientInstanceId);
      if (byClient.size === 0) this.#families.delete(name);
    }
  }

  names(): Names {
    return Object.fromEntries([...this.#families].map(([name, family]) => [name, measureOf(family)]));
  }

  #putOne({ clientInstanceId, clientId }: SeriesOwner, { name, kind, labels, value }: Point): boolean {
    const type = kind === 'gauge' ? 'gauge' : 'counter';
    const plain = plainName(name);
    const full = `${prefix}${plain}${type === 'counter' && !plain.endsWith('_total') ? '_total' : ''}`;
    let family = this.#families.get(full);
    if (family === undefined) {
      if (this.#families.size >= familiesMax) return false;
      this.#families.set(full, (family = { type, byClient: new Map() }));
    }
    let ofClient = family.byClient.get(clientInstanceId);
    if (ofClient === undefined) family.byClient.set(clientInstanceId, (ofClient = new Map()));
    const own = plainLabels(labels);
    const key = JSON.stringify(own);
    const known = ofClient.get(key);
    if (known !== undefined) {
      known.value = kind === 'delta' ? known.value + value : value;
      return true;
    }
    const count = this.#countByClient.get(clientInstanceId) ?? 0;
    if (this.#count >= seriesMax || count >= seriesPerClientMax) return false;
    this.#countByClient.set(clientInstanceId, count + 1);
    this.#count++;
    ofClient.set(key, { labels: [['client_id', clientId], ['client_instance_id', clientInstanceId], ...own], value });
    return true;
  }
}

function measureOf({ type, byClient }: Family): Measure {
  return {
    type,
    help: 'Pushed by clients',
    labels: [],
    *samples(): Generator<Sample> {
      for (const series of byClient.values())
        for (const { labels, value } of series.values()) yield { labels: [], named: labels, value };
    },
  };
}

function plainName(name: string): string {
  return (name.startsWith(kafkaPrefix) ? name.slice(kafkaPrefix.length) : name).replaceAll(/[^a-zA-Z0-9_]/g, '_');
}

/** Each name once, in one order; those that say whose it is are ours. */
function plainLabels(labels: Point['labels']): [string, string][] {
  const plain = new Map<string, string>();
  for (const [name, value] of labels) {
    const label = name.replaceAll(/[^a-zA-Z0-9_]/g, '_').replace(/^(?=\d)/, '_');
    if (label !== 'client_id' && label !== 'client_instance_id' && !label.startsWith('__')) plain.set(label, value);
  }
  return [...plain].sort(([left], [right]) => (left < right ? -1 : 1));
}
