/** What a client is made with: brokers, TLS, logins, sockets. */
import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';

import type { logLevel } from '../enums.ts';
import type { Logger, logCreator } from '../logger.ts';
import type { RetryOptions } from '../retry.ts';

export type BrokersFunction = () => string[] | Promise<string[]>;

export interface KafkaConfig {
  brokers: string[] | BrokersFunction;
  ssl?: ConnectionOptions | boolean;
  sasl?: SASLOptions | Mechanism;
  clientId?: string;
  connectionTimeout?: number;
  authenticationTimeout?: number;
  reauthenticationThreshold?: number;
  requestTimeout?: number;
  enforceRequestTimeout?: boolean;
  retry?: RetryOptions;
  socketFactory?: ISocketFactory;
  logLevel?: logLevel;
  logCreator?: logCreator;
}

export interface ISocketFactoryArgs {
  host: string;
  port: number;
  ssl: ConnectionOptions;
  onConnect: () => void;
}

export type ISocketFactory = (args: ISocketFactoryArgs) => Socket;

export interface OauthbearerProviderResponse {
  value: string;
}

interface NameAndPassword {
  username: string;
  password: string;
}

interface LoginByMechanism {
  plain: NameAndPassword;
  'scram-sha-256': NameAndPassword;
  'scram-sha-512': NameAndPassword;
  aws: { authorizationIdentity: string; accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  oauthbearer: { oauthBearerProvider: () => Promise<OauthbearerProviderResponse> };
}

export type SASLMechanism = keyof LoginByMechanism;
export type SASLOptions = { [M in SASLMechanism]: { mechanism: M } & LoginByMechanism[M] }[SASLMechanism];

export interface SaslAuthenticateArgs<ParseResult> {
  request: { encode: () => Buffer | Promise<Buffer> };
  response?: {
    decode: (rawResponse: Buffer) => Buffer | Promise<Buffer>;
    parse: (data: Buffer) => ParseResult;
  };
}

export type Authenticator = { authenticate: () => Promise<void> };

export type AuthenticationProviderArgs = {
  host: string;
  port: number;
  logger: Logger;
  saslAuthenticate: <ParseResult>(args: SaslAuthenticateArgs<ParseResult>) => Promise<ParseResult | void>;
};

/** A login of one's own. */
export type Mechanism = {
  mechanism: string;
  authenticationProvider: (args: AuthenticationProviderArgs) => Authenticator;
};

export type ConnectPayload = null;

export interface RequestPayload {
  apiKey: number;
  apiName: string;
  apiVersion: number;
  broker: string;
  clientId: string;
  correlationId: number;
  createdAt: number;
  duration: number;
  pendingDuration: number;
  sentAt: number;
  size: number;
}

export type RequestTimeoutPayload = Omit<RequestPayload, 'duration' | 'size'>;

export interface RequestQueueSizePayload {
  broker: string;
  clientId: string;
  queueSize: number;
}
