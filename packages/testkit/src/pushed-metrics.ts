/** What a client has pushed, as it stands in the bytes. In: MetricsData of OpenTelemetry's protocol, as Kafka's clients write it. Out: its metrics. */

export interface PushedMetric {
  readonly name: string;
  /** With the temporality of a sum, and a + where it only grows. */
  readonly kind: 'gauge' | 'delta+' | 'total+' | 'delta' | 'total';
  readonly value: number;
  readonly isWhole: boolean;
  /** Ms since 1970; 0 for none. */
  readonly sinceMs: number;
  readonly atMs: number;
  /** Of the client, as `name=value`. */
  readonly resource: readonly string[];
  readonly labels: readonly string[];
}

export function pushedMetrics(metricsData: Buffer): PushedMetric[] {
  return inside(fieldsOf(metricsData), 1).flatMap((resourceMetrics) => {
    const parts = fieldsOf(resourceMetrics);
    const resource = inside(parts, 1).flatMap((one) => inside(fieldsOf(one), 1).map(labelOf));
    const metrics = inside(parts, 2).flatMap((scope) => inside(fieldsOf(scope), 2));
    return metrics.map((bytes) => ({ ...metricOf(fieldsOf(bytes)), resource }));
  });
}

function metricOf(metric: readonly Field[]): Omit<PushedMetric, 'resource'> {
  const [sum] = inside(metric, 7);
  const body = fieldsOf(sum ?? inside(metric, 5)[0]!);
  const point = fieldsOf(inside(body, 1)[0]!);
  const whole = only(point, 6);
  const grows = only(body, 3) === 1 ? '+' : '';
  return {
    name: String(inside(metric, 1)[0]),
    kind: sum === undefined ? 'gauge' : `${only(body, 2) === 1 ? 'delta' : 'total'}${grows}`,
    value: whole === undefined ? doubleOf(only(point, 4)) : Number(whole),
    isWhole: whole !== undefined,
    sinceMs: msOf(only(point, 2)),
    atMs: msOf(only(point, 3)),
    labels: inside(point, 7).map(labelOf),
  };
}

type Value = number | bigint | Buffer;
type Field = readonly [number: number, value: Value];

/** The fields of a protobuf message. */
function fieldsOf(bytes: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let weight = 1; ; weight *= 128) {
      const byte = bytes.readUInt8(at++);
      value += (byte & 0x7f) * weight;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = tag >>> 3;
    if ((tag & 7) === 0) fields.push([number, varint()]);
    else if ((tag & 7) === 1) {
      fields.push([number, bytes.readBigUInt64LE(at)]);
      at += 8;
    } else {
      const length = varint();
      fields.push([number, bytes.subarray(at, at + length)]);
      at += length;
    }
  }
  return fields;
}

const inside = (fields: readonly Field[], number: number): Buffer[] =>
  fields.flatMap(([one, value]) => (one === number && Buffer.isBuffer(value) ? [value] : []));

const only = (fields: readonly Field[], number: number): Value | undefined =>
  fields.find(([one]) => one === number)?.[1];

const msOf = (nanoseconds: Value | undefined): number =>
  typeof nanoseconds === 'bigint' ? Number(nanoseconds / 1_000_000n) : 0;

function doubleOf(bits: Value | undefined): number {
  const bytes = Buffer.alloc(8);
  if (typeof bits === 'bigint') bytes.writeBigUInt64LE(bits);
  return bytes.readDoubleLE(0);
}

function labelOf(bytes: Buffer): string {
  const [name, value] = fieldsOf(bytes).map(([, part]) => part);
  return `${String(name)}=${Buffer.isBuffer(value) ? String(fieldsOf(value)[0]?.[1]) : ''}`;
}
