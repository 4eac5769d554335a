/** What a client may be given for its security beside Kafka's keys: objects and functions, which no properties file can hold. */
import type { ConnectionOptions } from 'node:tls';

import type { OauthBearerToken } from './oauth-bearer.ts';
import type { SaslMechanism } from './sasl-mechanism.ts';

export interface SaslCredentials {
  readonly username: string;
  readonly password: string;
}

export interface SecurityOptions {
  /** Handed to `tls.connect` as it is; wins over the `ssl.*` keys. */
  readonly tls?: ConnectionOptions | undefined;
  /** For PLAIN and SCRAM, in place of `sasl.jaas.config`. A function is asked at every login. */
  readonly sasl?: SaslCredentials | (() => SaslCredentials | Promise<SaslCredentials>) | undefined;
  /** A mechanism of one's own, in place of `sasl.mechanism`. */
  readonly saslMechanism?: SaslMechanism | undefined;
  /** For OAUTHBEARER, in place of `sasl.oauthbearer.token.endpoint.url`. Asked at every login. */
  readonly oauthBearerToken?: (() => OauthBearerToken | Promise<OauthBearerToken>) | undefined;
}

/** For `readOptions`, which leaves them alone. */
export const securityOptionNames: readonly (keyof SecurityOptions)[] = [
  'tls',
  'sasl',
  'saslMechanism',
  'oauthBearerToken',
];
