/** All cases of clients, by name: what is done, the size of values, and the acknowledgement that is waited for. */
import type { ClientCase, ClientRow } from './case.ts';
import type { Load } from './load.ts';
import { batchSenders, doorReaders, doorSenders, idlers, readers, senders } from './participants.ts';

const ours = 'millrace';
const javascript = ['kafkajs', '@platformatic/kafka'];
const sizes = { '100': 100, '1k': 1024 } as const;
const acknowledgements = { leader: 1, all: -1 } as const;
const times = { warmupMs: 1500, measuredMs: 3000 };

type SizeName = keyof typeof sizes;
type AcksName = keyof typeof acknowledgements;

const sendOneRows: ClientRow[] = [
  { text: 'best JavaScript client', figure: 'recordsPerSecond', ours, against: javascript, must: 40, goal: 100 },
];

const batchRows: ClientRow[] = [
  speed('@platformatic/kafka', 4, 5),
  speed('kafkajs', 8, 11),
  speed('Java', 1.5, 2.5),
  speed('franz-go', 0.7, 1),
  cpu('@platformatic/kafka'),
  { text: 'franz-go, both with 16 KiB', figure: 'recordsPerSecond', ours: `${ours} 16 KiB`, against: ['franz-go'] },
];

const consumeRows: ClientRow[] = [
  speed('@platformatic/kafka*', 4, 6, `${ours}*`),
  speed('Java', 1.2, 1.8, `${ours}*`),
  speed('franz-go', 0.7, 1, `${ours}*`),
  cpu('@platformatic/kafka*', `${ours}*`),
];

const inTurnRows: ClientRow[] = [
  { text: 'p50, best JavaScript client', figure: 'p50Ms', ours, against: javascript, must: 0.9, goal: 0.7 },
  { text: 'p99, best JavaScript client', figure: 'p99Ms', ours, against: javascript },
];

const doorRows: ClientRow[] = [
  { text: 'kafkajs', figure: 'recordsPerSecond', ours: 'door', against: ['kafkajs'], must: 2, goal: 4 },
];

export const clientCases: ClientCase[] = [
  ...eachLoad('batch', 'send() of 500, five at a time (Java, franz-go: 16 KiB batches)', {
    participants: batchSenders,
    rows: batchRows,
    figures: ['recordsPerSecond', 'megabytesPerSecond', 'cpuMicrosecondsPerRecord'],
  }),
  ...eachLoad('send-one', 'send() of one record, 1,000 outstanding', {
    participants: senders,
    rows: sendOneRows,
    figures: ['recordsPerSecond', 'cpuMicrosecondsPerRecord'],
  }),
  ...eachLoad('in-turn', 'one send() of one record awaited after the other', {
    participants: senders,
    rows: inTurnRows,
    figures: ['p50Ms', 'p99Ms'],
  }),
  ...eachSize('consume', 'read from the start, each record looked at', {
    participants: readers,
    rows: consumeRows,
    figures: ['recordsPerSecond', 'megabytesPerSecond', 'cpuMicrosecondsPerRecord'],
  }),
  ...eachSize('door-batch', 'the kafkajs door: send() of 500, five at a time', {
    participants: doorSenders,
    rows: doorRows,
    figures: ['recordsPerSecond', 'cpuMicrosecondsPerRecord'],
  }),
  ...eachSize('door-consume', 'the kafkajs door: eachMessage', {
    participants: doorReaders,
    rows: doorRows,
    figures: ['recordsPerSecond', 'cpuMicrosecondsPerRecord'],
  }),
  {
    name: 'client-idle',
    text: 'a producer and a consumer of a group, connected, with nothing to do',
    load: { work: 'idle', acks: -1, size: 5, recordsMax: 1, warmupMs: 5000, measuredMs: 20_000 },
    participants: idlers,
    rows: [{ text: 'CPU of one core', figure: 'cpuPercent', ours, must: 0.1 }],
    figures: ['cpuPercent'],
  },
];

type Rest = Pick<ClientCase, 'participants' | 'figures'> & { rows: ClientRow[] | ((size: SizeName) => ClientRow[]) };

function eachLoad(work: 'batch' | 'send-one' | 'in-turn', text: string, rest: Rest): ClientCase[] {
  const names = Object.keys(sizes) as SizeName[];
  return names.flatMap((size) =>
    (Object.keys(acknowledgements) as AcksName[]).map((acks) => ({
      name: `${work}-${size}-${acks}`,
      text: `${text}, ${bytesText(size)}, acks=${acks === 'all' ? 'all' : 1}`,
      load: { work, acks: acknowledgements[acks], ...loadOf(size) },
      ...rest,
      rows: rowsOf(rest, size),
    })),
  );
}

function eachSize(name: 'consume' | 'door-batch' | 'door-consume', text: string, rest: Rest): ClientCase[] {
  const work = name === 'door-batch' ? 'batch' : 'consume';
  return (Object.keys(sizes) as SizeName[]).map((size) => ({
    name: `${name}-${size}`,
    text: `${text}, ${bytesText(size)}`,
    load: { work, acks: -1, ...loadOf(size) },
    ...rest,
    rows: rowsOf(rest, size),
  }));
}

function rowsOf({ rows }: Rest, size: SizeName): ClientRow[] {
  return typeof rows === 'function' ? rows(size) : rows;
}

/** A topic is read whole by the fast clients, as far as the time goes by the others. */
function loadOf(size: SizeName): Pick<Load, 'size' | 'recordsMax' | 'warmupMs' | 'measuredMs'> {
  return { size: sizes[size], recordsMax: size === '100' ? 8_000_000 : 2_000_000, ...times };
}

function bytesText(size: SizeName): string {
  return size === '100' ? '100 B' : '1 KiB';
}

function speed(name: string, must: number, goal: number, mine: string = ours, notes = ''): ClientRow {
  const text = `${name.replace('*', '')}${notes}`;
  return { text, figure: 'recordsPerSecond', ours: mine, against: [name], must, goal };
}

function cpu(name: string, mine: string = ours, notes = ''): ClientRow {
  const text = `CPU per record, ${name.replace('*', '')}${notes}`;
  return { text, figure: 'cpuMicrosecondsPerRecord', ours: mine, against: [name], must: 0.3, goal: 0.15 };
}
