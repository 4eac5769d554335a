/** Options of a kafkajs client → options of ours. */
import { isIP } from 'node:net';

import { NodeSocket } from '@millrace/base';
import { type ClientHost, nodeClientHost, type SecurityOptions } from '@millrace/client';

import { KafkaJSConnectionError, KafkaJSNonRetriableError } from './errors.ts';
import type { Logger } from './logger.ts';
import { loginOf } from './sasl.ts';
import type { ISocketFactory, KafkaConfig } from './types/kafka.ts';

export interface OpenOptions {
  readonly keys: Readonly<Record<string, string | number>>;
  readonly security: SecurityOptions;
  readonly host: ClientHost;
}

const timeMax = 0x7fff_ffff;
const keepAliveAfterMs = 60_000;

/** Asks for the brokers where they are a function. Throws when they cannot be. */
export async function openOptions(config: KafkaConfig, metadataMaxAge: number, logger: Logger): Promise<OpenOptions> {
  const brokers = await brokersOf(config.brokers);
  const { connectionTimeout = 1000, requestTimeout = 30_000, enforceRequestTimeout = true, socketFactory } = config;
  const { keys, security } = loginOf(config, logger);
  return {
    keys: {
      ...keys,
      'bootstrap.servers': brokers.join(','),
      'client.id': config.clientId ?? 'kafkajs',
      'request.timeout.ms': enforceRequestTimeout ? requestTimeout : timeMax,
      'socket.connection.setup.timeout.ms': connectionTimeout,
      'socket.connection.setup.timeout.max.ms': connectionTimeout,
      'metadata.max.age.ms': metadataMaxAge,
    },
    security,
    host: socketFactory === undefined ? nodeClientHost() : { ...nodeClientHost(), dial: dialBy(socketFactory) },
  };
}

async function brokersOf(given: KafkaConfig['brokers']): Promise<string[]> {
  let brokers: string[];
  try {
    brokers = typeof given === 'function' ? await given() : given;
  } catch (error) {
    throw new KafkaJSConnectionError(`The function "brokers" threw: ${(error as Error).message}`);
  }
  if (!Array.isArray(brokers) || brokers.length === 0)
    throw new KafkaJSNonRetriableError('"brokers" names no broker; it takes a list like ["localhost:9092"].');
  for (const broker of brokers)
    if (typeof broker !== 'string' || broker === '')
      throw new KafkaJSNonRetriableError(
        `"brokers" has a ${typeof broker} where a text like "localhost:9092" should be.`,
      );
  return brokers;
}

/** Sockets that somebody else makes: through a proxy, a tunnel. */
function dialBy(factory: ISocketFactory): ClientHost['dial'] {
  return ({ host, port, tls, timeoutMs, signal }) =>
    new Promise((resolve, reject) => {
      const ssl = tls === undefined ? undefined : { ...(isIP(host) === 0 && { servername: host }), ...tls };
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', givenUp);
        socket.off('error', failed);
      };
      const onConnect = (): void => {
        done();
        socket.setKeepAlive(true, keepAliveAfterMs);
        resolve(new NodeSocket(socket, false));
      };
      const failed = (error: Error): void => {
        done();
        reject(error);
        socket.on('error', () => {}).destroy();
      };
      const givenUp = (): void => failed(new Error(`connecting to ${host}:${port} was given up`));
      const socket = factory({ host, port, ssl: ssl as never, onConnect });
      const timer = setTimeout(
        () => failed(new Error(`${host}:${port} did not answer within ${timeoutMs} ms`)),
        timeoutMs,
      );
      socket.on('error', failed);
      signal?.addEventListener('abort', givenUp);
    });
}
