/**
 * Spoiled frames by the thousand, of every API at every version in turn. Frame `n` of a seed is always the same, so a failure is
 * repeated with FUZZ_SEED, and narrowed with FUZZ_FROM and FUZZ_FRAMES.
 */
import net from 'node:net';

import { apis, encodeRequest, type Api } from '@millrace/protocol';
import { mutateFrame, randomRequest, seededRandom, type ValuePool } from '@millrace/testkit';

export interface StormOptions {
  readonly port: number;
  readonly seed: number;
  readonly from: number;
  readonly frames: number;
  readonly values: ValuePool;
  /** Keys of the APIs that are not just refused: they get half of the frames. */
  readonly servedKeys: ReadonlySet<number>;
}

export interface StormReport {
  readonly sentBytes: number;
  readonly answered: number;
  readonly closed: number;
  readonly silent: number;
}

const lanes = 8;
/** Longer than any answer that does not wait for something takes. */
const answerMsMax = 40;
const framesPerConnectionMax = 6;
/** Frames left as they are: what they ask for is strange enough. */
const wholeOneIn = 3;
/** Prime, so that neighbours are of different APIs and all have their turn. */
const stride = 7919;

const everyVersion: readonly (readonly [Api, number])[] = Object.values(apis).flatMap((api) =>
  Array.from({ length: api.versions.until - api.versions.since + 1 }, (_, step): readonly [Api, number] => [
    api,
    api.versions.since + step,
  ]),
);

/** Frames come one by one and wait for what happens, or several at once; before a handshake and behind one. */
export async function storm(options: StormOptions): Promise<StormReport> {
  const report = { sentBytes: 0, answered: 0, closed: 0, silent: 0 };
  let next = options.from;
  const lane = async (): Promise<void> => {
    while (next < options.from + options.frames) {
      const first = next;
      const count = Math.min(1 + (first % framesPerConnectionMax), options.from + options.frames - first);
      next += count;
      await connectionOf(options, first, count, report);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return report;
}

async function connectionOf(
  options: StormOptions,
  first: number,
  count: number,
  report: { -readonly [K in keyof StormReport]: number },
): Promise<void> {
  let at = first;
  while (at < first + count) {
    await using line = await Line.open(options.port);
    if (at % 2 === 0) await line.exchange(handshake());
    // One in three connections gets all its frames in one write.
    const step = first % 3 === 0 ? first + count - at : 1;
    do {
      const bytes = Buffer.concat(Array.from({ length: step }, (_, index) => frameOf(options, at + index)));
      at += step;
      report.sentBytes += bytes.length;
      report[await line.exchange(bytes)]++;
    } while (at < first + count && line.isOpen);
  }
}

function frameOf({ seed, values, servedKeys }: StormOptions, index: number): Buffer {
  const random = seededRandom(seed + index);
  const served = everyVersion.filter(([api]) => servedKeys.has(api.key));
  const from = index % 2 === 0 ? everyVersion : served;
  const [api, version] = from[((index >> 1) * stride) % from.length]!;
  const frame = randomRequest(random, api, version, values);
  return random.below(wholeOneIn) === 0 ? frame.bytes : mutateFrame(random, frame).bytes;
}

function handshake(): Buffer {
  return Buffer.concat(
    encodeRequest(apis.apiVersions, 3, 1, 'fuzz', { clientSoftwareName: 'fuzz', clientSoftwareVersion: '1' }),
  );
}

/** One connection that only wants to know whether something came back. */
class Line implements AsyncDisposable {
  readonly #socket: net.Socket;
  #happened: (what: 'answered' | 'closed') => void = () => {};
  #isOpen = true;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.on('data', () => this.#happened('answered'));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#isOpen = false;
      this.#happened('closed');
    });
  }

  static async open(port: number): Promise<Line> {
    const socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new Line(socket);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  async exchange(bytes: Buffer): Promise<'answered' | 'closed' | 'silent'> {
    if (!this.#isOpen) return 'closed';
    return await new Promise((resolve) => {
      const timer = setTimeout(() => resolve('silent'), answerMsMax);
      this.#happened = (what) => {
        clearTimeout(timer);
        resolve(what);
      };
      this.#socket.write(bytes);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOpen) return;
    await new Promise<void>((resolve) => {
      this.#socket.once('close', () => resolve());
      this.#socket.destroy();
    });
  }
}
