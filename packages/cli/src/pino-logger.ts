/** The logging seam over pino: lines for people on a terminal, JSON lines when piped. */
import type { Logger, LogFields } from '@millrace/base';
import { pino, type Logger as Pino } from 'pino';

export interface LogOptions {
  /** `LOG_FORMAT`: `human` or `json`; without it a terminal decides. */
  readonly format: string | undefined;
  /** `LOG_LEVEL`: error, warn, info or debug. */
  readonly level: string | undefined;
}

export async function openLogger({ format, level }: LogOptions): Promise<Logger> {
  const isHuman = format === undefined ? process.stdout.isTTY : format === 'human';
  const options = { level: level ?? 'info', base: null, serializers: { error: describeError } };
  if (!isHuman) return wrap(pino(options, pino.destination({ fd: 1, sync: true })));
  const { default: pretty } = await import('pino-pretty');
  return wrap(
    pino(
      options,
      pretty({
        sync: true,
        translateTime: 'SYS:HH:MM:ss.l',
        hideObject: false,
        singleLine: true,
        ignore: 'pid,hostname',
      }),
    ),
  );
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
