import { createRequire } from 'node:module';

/**
 * Snappy and LZ4 encoders in WebAssembly, loaded when first asked for: a broker that only stores what clients compressed never pays for them.
 * Only the encoders are used. The decoders have no limit on their output, and what they allocated before they
 * trapped on bad input is never freed, so anybody could fill the memory; ours are in TypeScript.
 */
export interface WasmEncoders {
  snappyCompress(bytes: Uint8Array): Buffer;
  lz4Compress(bytes: Uint8Array): Buffer;
}

let loaded: WasmEncoders | undefined;

export function wasmEncoders(): WasmEncoders {
  if (loaded !== undefined) return loaded;
  const encoders: WasmEncoders = createRequire(import.meta.url)('@platformatic/wasm-utils');
  loaded = encoders;
  return encoders;
}
