/** Offsets, ids and timestamps in files: 8 bytes there, a number here. Beyond 2^53 the nearest double. */
export function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4);
}

/** The largest that 8 bytes hold is one too many as a double. */
const int64Max = 2 ** 63;

export function writeInt64(bytes: Buffer, at: number, value: number): void {
  if (value >= int64Max) {
    bytes.writeBigInt64BE(2n ** 63n - 1n, at);
    return;
  }
  bytes.writeInt32BE(Math.floor(value / 0x1_0000_0000), at);
  bytes.writeUInt32BE(((value % 0x1_0000_0000) + 0x1_0000_0000) % 0x1_0000_0000, at + 4);
}
