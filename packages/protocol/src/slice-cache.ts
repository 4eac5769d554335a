/**
 * Strings that come again and again (topic names, ids), found by their bytes instead of being made anew: a third of the price, and
 * a Map knows them without hashing them again. Each slice has one place; a newcomer takes it from what was there before.
 */
export class SliceCache {
  readonly #make: (bytes: Buffer, at: number, end: number) => string;
  readonly #texts: string[] = Array.from({ length: places }, () => '');
  readonly #lengths = new Uint8Array(places);
  readonly #slices = new DataView(new ArrayBuffer(places * sliceBytesMax));

  constructor(make: (bytes: Buffer, at: number, end: number) => string) {
    this.#make = make;
  }

  /** `bytes` and `view` lie over the same memory; the slice has 4 to `sliceBytesMax` bytes. */
  text(bytes: Buffer, view: DataView, at: number, end: number): string {
    const last = end - 4;
    let hash = view.getInt32(last);
    for (let from = at; from < last; from += 4) hash = Math.imul(hash ^ view.getInt32(from), 0x9e37_79b1);
    const place = (hash ^ (hash >>> 15)) & (places - 1);
    if (this.#lengths[place] === end - at && this.#isAt(place, view, at, last)) return this.#texts[place]!;
    const text = this.#make(bytes, at, end);
    this.#texts[place] = text;
    this.#lengths[place] = end - at;
    for (let from = at; from < end; from++) {
      this.#slices.setUint8(place * sliceBytesMax + from - at, view.getUint8(from));
    }
    return text;
  }

  #isAt(place: number, view: DataView, at: number, last: number): boolean {
    const slices = this.#slices;
    const shift = place * sliceBytesMax - at;
    for (let from = at; from < last; from += 4) {
      if (slices.getInt32(from + shift) !== view.getInt32(from)) return false;
    }
    return slices.getInt32(last + shift) === view.getInt32(last);
  }
}

export const sliceBytesMax = 64;
/** A power of two. */
const places = 1024;
