/** Ports and sockets as the core sees them. `testkit` has a network in memory that delays, tears apart and drops. */
export interface Network {
  /** Takes a port, any free one for 0. Rejects with the system's own error. */
  listen(address: ListenAddress, accepted: (socket: Socket) => void): Promise<Port>;
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  /** Connections that may wait to be accepted. */
  readonly backlog: number;
}

export interface Port {
  /** The one that is really listened on. */
  readonly port: number;
  /** Accepts no more; what was accepted goes on. */
  close(): void;
}

/** One accepted connection. Nothing is read before `begin`. */
export interface Socket {
  /** Empty when the other side is gone already. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localPort: number;
  /** Written, and not yet taken by the system. */
  readonly unsentBytes: number;
  begin(events: SocketEvents): void;
  pause(): void;
  resume(): void;
  /** Hands all chunks over in one call. They belong to the socket until `taken`, which comes even when the connection ends before. */
  write(chunks: readonly Uint8Array[], taken?: () => void): void;
  /** Sends what was written, then closes. */
  end(): void;
  destroy(): void;
}

export interface SocketEvents {
  /** Where the next read lands. */
  buffer(): Buffer;
  /** `count` bytes were read into `buffer()`. */
  received(count: number): void;
  /** Everything written was taken. */
  drained(): void;
  /** The system's own error, when it was one that ended it. */
  closed(error?: Error): void;
}
