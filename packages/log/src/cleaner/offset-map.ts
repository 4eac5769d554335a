/**
 * The last offset of each key, in a fixed amount of memory. In: keys and their offsets, ascending. Out: where a key was seen last. Keys
 * are known by their hash only, so that a key of a megabyte takes 24 bytes as any other.
 *
 * One array of slots, open addressing with a second hash for the step. It begins small and doubles, up to what was asked for: a log
 * with few keys takes little.
 */
import { assert } from '@millrace/base';

import { hashKey, type KeySecret } from './key-hash.ts';

/** Four of the hash, two of the offset plus one: an offset of 0 marks a slot that is free. */
const words = 6;
export const slotBytes = words * 4;
const slotsFirst = 1 << 14;
/** How full the slots may become before they are doubled, if they may be. */
const growAt = 0.7;

export interface OffsetMapOptions {
  readonly bytesMax: number;
  /** How full the map may become in the end. */
  readonly loadFactor: number;
  /** There are no more keys than this: more slots than that would need are not made. */
  readonly keysMax: number;
  readonly secret: KeySecret;
}

export class OffsetMap {
  readonly #slotsMax: number;
  readonly #countMax: number;
  readonly #secret: KeySecret;
  readonly #hash = new Int32Array(4);
  #slots: number;
  #table: Int32Array;
  #count = 0;

  constructor({ bytesMax, loadFactor, keysMax, secret }: OffsetMapOptions) {
    this.#secret = secret;
    const slotsMax = Math.floor(bytesMax / slotBytes);
    this.#slotsMax = primeUpTo(Math.max(3, Math.min(slotsMax, Math.ceil((keysMax + 1) / loadFactor) + 64)));
    // One slot at least stays free: a search ends there.
    this.#countMax = Math.min(Math.floor(slotsMax * loadFactor), this.#slotsMax - 1);
    this.#slots = primeUpTo(Math.min(this.#slotsMax, slotsFirst));
    this.#table = new Int32Array(this.#slots * words);
  }

  get count(): number {
    return this.#count;
  }

  /** No other key has room. */
  get isFull(): boolean {
    return this.#count >= this.#countMax;
  }

  /** Of the memory that it may take at most. */
  get utilization(): number {
    return this.#countMax === 0 ? 1 : this.#count / this.#countMax;
  }

  put(bytes: Uint8Array, at: number, length: number, offset: number): void {
    assert(!this.isFull, 'a full map takes no key');
    if (this.#count >= this.#slots * growAt && this.#slots < this.#slotsMax) this.#grow();
    hashKey(this.#secret, bytes, at, length, this.#hash);
    const [h0, h1, h2, h3] = [this.#hash[0]!, this.#hash[1]!, this.#hash[2]!, this.#hash[3]!];
    const slot = this.#find(h0, h1, h2, h3);
    const table = this.#table;
    if (isFree(table, slot)) {
      this.#count++;
      table[slot] = h0;
      table[slot + 1] = h1;
      table[slot + 2] = h2;
      table[slot + 3] = h3;
    }
    table[slot + 4] = (offset + 1) | 0;
    table[slot + 5] = Math.floor((offset + 1) / 0x1_0000_0000);
  }

  /** -1 when the key was not seen. */
  get(bytes: Uint8Array, at: number, length: number): number {
    hashKey(this.#secret, bytes, at, length, this.#hash);
    const slot = this.#find(this.#hash[0]!, this.#hash[1]!, this.#hash[2]!, this.#hash[3]!);
    return this.#table[slot + 5]! * 0x1_0000_0000 + (this.#table[slot + 4]! >>> 0) - 1;
  }

  /** Where the key is, or would be. There is always a free slot: the map is never quite full. */
  #find(h0: number, h1: number, h2: number, h3: number): number {
    const table = this.#table;
    const slots = this.#slots;
    let index = (h0 >>> 0) % slots;
    const step = 1 + ((h1 >>> 0) % (slots - 1));
    for (;;) {
      const slot = index * words;
      if (isFree(table, slot)) return slot;
      if (table[slot] === h0 && table[slot + 1] === h1 && table[slot + 2] === h2 && table[slot + 3] === h3) return slot;
      index += step;
      if (index >= slots) index -= slots;
    }
  }

  #grow(): void {
    const old = this.#table;
    this.#slots = primeUpTo(Math.min(this.#slotsMax, this.#slots * 2));
    this.#table = new Int32Array(this.#slots * words);
    for (let from = 0; from < old.length; from += words) {
      if (isFree(old, from)) continue;
      const slot = this.#find(old[from]!, old[from + 1]!, old[from + 2]!, old[from + 3]!);
      for (let word = 0; word < words; word++) this.#table[slot + word] = old[from + word]!;
    }
  }
}

function isFree(table: Int32Array, slot: number): boolean {
  return table[slot + 4] === 0 && table[slot + 5] === 0;
}

/** With a prime count of slots any step comes by all of them. */
function primeUpTo(limit: number): number {
  for (let candidate = limit; ; candidate--) if (isPrime(candidate)) return candidate;
}

function isPrime(value: number): boolean {
  if (value < 4) return value > 1;
  if (value % 2 === 0) return false;
  for (let factor = 3; factor * factor <= value; factor += 2) if (value % factor === 0) return false;
  return true;
}
