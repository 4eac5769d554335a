/** Lets so many requests to a broker wait for their answers at the same time, the others in line (`maxInFlightRequests`). */
export class RequestGate {
  readonly #max: number;
  readonly #told: (broker: string, queueSize: number) => void;
  readonly #brokers = new Map<string, { inFlight: number; line: (() => void)[] }>();

  constructor(max: number, told: (broker: string, queueSize: number) => void) {
    this.#max = max;
    this.#told = told;
  }

  async through<T>(broker: string, send: () => Promise<T>): Promise<T> {
    let state = this.#brokers.get(broker);
    if (state === undefined) this.#brokers.set(broker, (state = { inFlight: 0, line: [] }));
    const { line } = state;
    if (state.inFlight >= this.#max) {
      const turn = Promise.withResolvers<void>();
      line.push(turn.resolve);
      this.#told(broker, line.length);
      await turn.promise;
    } else state.inFlight++;
    try {
      return await send();
    } finally {
      const next = line.shift();
      if (next === undefined) state.inFlight--;
      else {
        this.#told(broker, line.length);
        next();
      }
    }
  }
}
