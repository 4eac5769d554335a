/** The logging seam over pino: lines for people on a terminal, JSON lines when piped. */
import { leveled, type Logger, type LogFields, type LogLevels } from '@millrace/base';
import { pino, type Logger as Pino } from 'pino';

export interface LogOptions {
  /** `LOG_FORMAT`: `human` or `json`; without it a terminal decides. */
  readonly format: string | undefined;
  /** What is to be written; may change at any time. */
  readonly levels: LogLevels;
}

export async function openLogger({ format, levels }: LogOptions): Promise<Logger> {
  const isHuman = format === undefined ? process.stdout.isTTY : format === 'human';
  const options = { level: 'debug', base: null, serializers: { error: describeError } };
  if (!isHuman) return leveled(wrap(pino(options, pino.destination({ fd: 1, sync: true }))), levels);
  const { default: pretty } = await import('pino-pretty');
  const lines = pretty({
    sync: true,
    translateTime: 'SYS:HH:MM:ss.l',
    hideObject: false,
    singleLine: true,
    ignore: 'pid,hostname',
  });
  return leveled(wrap(pino(options, lines)), levels);
}

function wrap(to: Pino): Logger {
  return {
    error: (fields, text) => to.error(fields, text),
    warn: (fields, text) => to.warn(fields, text),
    info: (fields, text) => to.info(fields, text),
    debug: (fields, text) => to.debug(fields, text),
    child: (fields: LogFields) => wrap(to.child(fields)),
  };
}

function describeError(error: unknown): unknown {
  return error instanceof Error ? (error.stack ?? error.message) : error;
}
