/**
 * Metrics as OpenTelemetry's protocol carries them (MetricsData, version 1), as far as Kafka's clients use it. In: bytes that were
 * decompressed. Out: points with their labels; histograms and summaries give their sum and count. What is not asked for is skipped.
 */
import { WireReader } from './wire-reader.ts';

export type Labels = readonly (readonly [name: string, value: string])[];

export interface Point {
  readonly name: string;
  /** gauge: now; total: since the client's start; delta: since the last push. */
  readonly kind: 'gauge' | 'total' | 'delta';
  readonly labels: Labels;
  readonly value: number;
}

/** What one push may bring; the rest of it is not looked at. */
const pointsMax = 2000;
const labelsMax = 16;
const nameBytesMax = 200;
const textBytesMax = 200;
const deltaTemporality = 1;

/** Throws `OtlpError` for bytes that are none. */
export function decodeMetrics(buffer: Buffer): Point[] {
  const points: Point[] = [];
  each(new WireReader(buffer), { 1: (reader) => resourceMetrics(reader.message(), points) });
  return points;
}

type Fields = Readonly<Record<number, (reader: WireReader) => void>>;

function each(reader: WireReader, fields: Fields): void {
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    const read = fields[field];
    if (read === undefined) reader.skip();
    else read(reader);
  }
}

function resourceMetrics(reader: WireReader, points: Point[]): void {
  const shared: [string, string][] = [];
  const scopes: WireReader[] = [];
  each(reader, {
    1: (inner) => each(inner.message(), { 1: (attribute) => addLabel(attribute.message(), shared) }),
    2: (inner) => scopes.push(inner.message()),
  });
  // The resource may stand behind its metrics.
  for (const scope of scopes) each(scope, { 2: (inner) => metric(inner.message(), shared, points) });
}

function metric(reader: WireReader, shared: Labels, points: Point[]): void {
  let name = '';
  const bodies: (() => void)[] = [];
  each(reader, {
    1: (inner) => (name = inner.text(nameBytesMax)),
    5: (inner) => bodies.push(numbers(inner.message(), 'gauge')),
    7: (inner) => bodies.push(numbers(inner.message(), 'sum')),
    9: (inner) => bodies.push(distributions(inner.message(), histogramFields)),
    11: (inner) => bodies.push(distributions(inner.message(), summaryFields)),
  });
  for (const body of bodies) body();

  function numbers(body: WireReader, type: 'gauge' | 'sum'): () => void {
    return () => {
      const read: { labels: Labels; value: number }[] = [];
      let isDelta = false;
      let isMonotonic = false;
      each(body, {
        1: (inner) => {
          if (points.length + read.length < pointsMax) read.push(numberPoint(inner.message(), shared));
          else inner.skip();
        },
        2: (inner) => (isDelta = inner.integer() === deltaTemporality),
        3: (inner) => (isMonotonic = inner.integer() !== 0),
      });
      const kind = type === 'gauge' || !isMonotonic ? 'gauge' : isDelta ? 'delta' : 'total';
      for (const point of read) add(points, { name, kind, ...point });
    };
  }

  function distributions(body: WireReader, fields: typeof histogramFields): () => void {
    return () => {
      const read: { labels: Labels; count: number; sum: number }[] = [];
      let isDelta = false;
      each(body, {
        1: (inner) => {
          if (points.length + read.length < pointsMax) read.push(distributionPoint(inner.message(), shared, fields));
          else inner.skip();
        },
        2: (inner) => (isDelta = inner.integer() === deltaTemporality),
      });
      const kind = isDelta ? 'delta' : 'total';
      for (const { labels, count, sum } of read) {
        add(points, { name: `${name}.count`, kind, labels, value: count });
        add(points, { name: `${name}.sum`, kind, labels, value: sum });
      }
    };
  }
}

/** Where a point has its attributes. */
const histogramFields = { attributes: 9 };
const summaryFields = { attributes: 7 };

function add(points: Point[], point: Point): void {
  if (point.name !== '' && points.length < pointsMax) points.push(point);
}

function numberPoint(reader: WireReader, shared: Labels): { labels: Labels; value: number } {
  const labels: [string, string][] = [];
  let value = 0;
  each(reader, {
    4: (inner) => (value = inner.double()),
    6: (inner) => (value = inner.signed64()),
    7: (inner) => addLabel(inner.message(), labels),
  });
  return { labels: [...shared, ...labels], value };
}

function distributionPoint(
  reader: WireReader,
  shared: Labels,
  { attributes }: typeof histogramFields,
): { labels: Labels; count: number; sum: number } {
  const labels: [string, string][] = [];
  let count = 0;
  let sum = 0;
  each(reader, {
    4: (inner) => (count = inner.unsigned64()),
    5: (inner) => (sum = inner.double()),
    [attributes]: (inner) => addLabel(inner.message(), labels),
  });
  return { labels: [...shared, ...labels], count, sum };
}

function addLabel(reader: WireReader, labels: [string, string][]): void {
  let name = '';
  let value = '';
  each(reader, {
    1: (inner) => (name = inner.text(nameBytesMax)),
    2: (inner) => (value = anyValue(inner.message())),
  });
  if (name !== '' && labels.length < labelsMax) labels.push([name, value]);
}

/** Lists and maps are no labels. */
function anyValue(reader: WireReader): string {
  let value = '';
  each(reader, {
    1: (inner) => (value = inner.text(textBytesMax)),
    2: (inner) => (value = inner.integer() === 0 ? 'false' : 'true'),
    3: (inner) => (value = String(inner.integer())),
    4: (inner) => (value = String(inner.double())),
  });
  return value;
}
