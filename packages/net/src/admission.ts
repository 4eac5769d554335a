/** Who says whether and when a connection may come in; shared by all listeners. The limits themselves are no concern of this package. */
export interface Admission {
  /** A connection came to the port. Gives how long all that come behind it have to wait with it, in milliseconds. */
  arrived(listenerName: string): number;
  /** False: it waits until another one has left. */
  hasRoom(listenerName: string): boolean;
  /** Undefined lets it in; otherwise it is closed without being read, at once or after so many milliseconds. */
  refusalMs(listenerName: string, address: string): number | undefined;
  /** One was not let in, for that or because too many wait already. */
  refused(listenerName: string): void;
  entered(listenerName: string, address: string): void;
  left(listenerName: string, address: string): void;
  /** `callback` is called when there may be room again. */
  onRoom(callback: () => void): void;
}
