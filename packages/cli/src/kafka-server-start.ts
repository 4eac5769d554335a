/**
 * kafka-server-start [server.properties] [--override key=value]…
 * One node until SIGTERM or SIGINT, which answers what is under way, syncs and writes the clean marker. What cannot be started is one
 * sentence and exit code 1.
 */
import { isMillraceError, type Logger, logLevelOf, LogLevels, nodeHost } from '@millrace/base';
import { Broker, readBrokerConfig } from '@millrace/broker';

import { openLogger } from './pino-logger.ts';

const usage = 'Usage: kafka-server-start [server.properties] [--override key=value]…';
const startedAtMs = performance.timeOrigin;

const args = process.argv.slice(2);
if (args.includes('--help')) {
  console.log(usage);
  process.exit(0);
}

void main();

async function main(): Promise<void> {
  const levels = new LogLevels(logLevelOf(process.env['LOG_LEVEL'] ?? ''));
  const log = await openLogger({ format: process.env['LOG_FORMAT'], levels });
  try {
    await run(log, levels);
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    log.error({ code: error.code }, error.message);
    process.exit(1);
  }
}

async function run(log: Logger, logLevels: LogLevels): Promise<void> {
  const host = nodeHost(log);
  const config = readBrokerConfig({ args, environment: process.env, disk: host.disk });
  if (process.env['LOG_LEVEL'] === undefined) logLevels.root = logLevelOf(config.logLevel ?? '') ?? logLevels.root;
  for (const warning of config.warnings) log.warn({}, warning);
  const fatal = (error: unknown): never => {
    log.error({ error }, 'a broken invariant ends the process; what was acknowledged is on disk');
    process.exit(70);
  };
  process.on('uncaughtException', fatal);
  process.on('unhandledRejection', fatal);
  const broker = await Broker.start({ host, config, fatal, logLevels });
  // First, because whoever reads that we are ready may end us at once.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(broker, log, signal));
  announce(broker, log);
}

/** The last three lines are what test libraries wait for; a client can produce when they appear. */
function announce(broker: Broker, log: Logger): void {
  const { nodeId, config } = broker;
  const readyInMs = Math.round(performance.timeOrigin + performance.now() - startedAtMs);
  const listeners = broker.endpoints('broker').map(({ name, host, port }) => `${name}://${host}:${port}`);
  const admin = broker.adminPort === undefined ? 'off' : `http://${config.adminListener?.host}:${broker.adminPort}`;
  log.info(
    { readyInMs, listeners, data: config.logDirs, clusterId: broker.clusterId, durability: config.durability, admin },
    'Millrace is ready',
  );
  log.info(
    {},
    `[BrokerLifecycleManager id=${nodeId}] The broker has been unfenced. Transitioning from RECOVERY to RUNNING.`,
  );
  log.info({}, `[KafkaRaftServer nodeId=${nodeId}] Kafka Server started`);
  log.info({}, `[KafkaServer id=${nodeId}] started`);
}

let signals = 0;

async function stop(broker: Broker, log: Logger, signal: string): Promise<void> {
  if (++signals > 1) process.exit(1);
  log.info({ signal }, 'stopping');
  await broker.stop();
  log.info({}, 'stopped; everything is on disk');
  process.exit(0);
}
