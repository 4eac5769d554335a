/**
 * Reads protobuf's wire format in place. In: bytes of a stranger. Out: fields one after the other; a length is compared with the bytes
 * that are there before anything is made of it, and what is damaged throws `OtlpError`.
 */
export class OtlpError extends Error {
  override readonly name = 'OtlpError';
}

/** Wire types. */
const varint = 0;
const fixed64 = 1;
const bytes = 2;
const fixed32 = 5;

/** Messages inside of one another, together: small ones would cost far more than their bytes. */
const messagesMax = 200_000;

export class WireReader {
  readonly #buffer: Buffer;
  readonly #end: number;
  #at: number;
  #wireType = 0;
  /** Shared by all readers of one push. */
  readonly #budget: { messagesLeft: number };

  constructor(buffer: Buffer, start = 0, end: number = buffer.length, budget = { messagesLeft: messagesMax }) {
    this.#buffer = buffer;
    this.#at = start;
    this.#end = end;
    this.#budget = budget;
  }

  /** The number of the next field, 0 at the end. Its value must be read or skipped before the next. */
  field(): number {
    if (this.#at === this.#end) return 0;
    const tag = this.#varint();
    const number = Math.floor(tag / 8);
    this.#wireType = tag % 8;
    if (number < 1 || number > 0x1fff_ffff) throw new OtlpError(`there is no field ${number}`);
    return number;
  }

  skip(): void {
    switch (this.#wireType) {
      case varint:
        this.#varint();
        return;
      case fixed64:
        this.#take(8);
        return;
      case bytes:
        this.#take(this.#varint());
        return;
      case fixed32:
        this.#take(4);
        return;
      default:
        throw new OtlpError(`there is no wire type ${this.#wireType}`);
    }
  }

  /** Of a message inside of this one. */
  message(): WireReader {
    this.#expect(bytes);
    const length = this.#varint();
    const start = this.#take(length);
    if (--this.#budget.messagesLeft < 0) throw new OtlpError(`it has more than ${messagesMax} parts`);
    return new WireReader(this.#buffer, start, start + length, this.#budget);
  }

  /** Cut after `bytesMax`: it is a name for people. */
  text(bytesMax: number): string {
    this.#expect(bytes);
    const length = this.#varint();
    const start = this.#take(length);
    return this.#buffer.toString('utf8', start, start + Math.min(length, bytesMax));
  }

  double(): number {
    this.#expect(fixed64);
    return this.#buffer.readDoubleLE(this.#take(8));
  }

  /** Beyond 2^53 it is as near as a double gets. */
  signed64(): number {
    this.#expect(fixed64);
    return Number(this.#buffer.readBigInt64LE(this.#take(8)));
  }

  unsigned64(): number {
    this.#expect(fixed64);
    return Number(this.#buffer.readBigUInt64LE(this.#take(8)));
  }

  /** An int64 as a varint: negative ones have ten bytes. */
  integer(): number {
    this.#expect(varint);
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#buffer[this.#take(1)] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(BigInt.asIntN(64, value));
    }
    throw new OtlpError('a number does not end');
  }

  #expect(wireType: number): void {
    if (this.#wireType !== wireType) throw new OtlpError(`wire type ${this.#wireType} where ${wireType} belongs`);
  }

  /** Where the bytes begin that are passed over. */
  #take(count: number): number {
    const start = this.#at;
    if (count > this.#end - start) throw new OtlpError('it ends too early');
    this.#at = start + count;
    return start;
  }

  #varint(): number {
    let value = 0;
    for (let factor = 1; factor < 2 ** 70; factor *= 128) {
      const byte = this.#buffer[this.#take(1)] ?? 0;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw new OtlpError('a number does not end');
  }
}
