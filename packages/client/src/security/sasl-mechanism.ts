/** The door for SASL mechanisms, the built-in ones and those of users. */
export interface SaslExchange {
  /** The broker that is logged in to, as it was connected to. */
  readonly host: string;
  readonly port: number;
  /**
   * Sends the client's next message. Resolves with the server's; an empty one is an answer too. Throws `ClientError` AUTHENTICATION
   * with what the broker said when it refuses.
   */
  readonly send: (message: Uint8Array) => Promise<Buffer>;
}

export interface SaslMechanism {
  /** As the broker's `sasl.enabled.mechanisms` has it. */
  readonly name: string;
  /** Returns when the broker has accepted; throws when it, or the broker, is not to be trusted. Called for each connection, and again before its session ends. */
  authenticate(exchange: SaslExchange): Promise<void>;
}
