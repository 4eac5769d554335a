/** How much each part of a process logs. In: lines with the part they come from. Out: those that its level lets through; it may change at any time. */
import type { LogFields, Logger } from './logger.ts';

/** Kafka's, from little to much. Nothing is logged at FATAL or TRACE: they stand for nothing at all and for everything. */
export const logLevels = ['FATAL', 'ERROR', 'WARN', 'INFO', 'DEBUG', 'TRACE'] as const;
export type LogLevel = (typeof logLevels)[number];

const order: ReadonlyMap<string, number> = new Map(logLevels.map((level, index) => [level, index]));

/** In any case; undefined for what is no level. */
export function logLevelOf(text: string): LogLevel | undefined {
  return logLevels.find((level) => level === text.toUpperCase());
}

export class LogLevels {
  /** Of every part that has none of its own. */
  root: LogLevel;
  readonly #parts = new Map<string, LogLevel | undefined>();

  constructor(root: LogLevel = 'INFO') {
    this.root = root;
  }

  /** Every part that has a logger. */
  get parts(): readonly string[] {
    return [...this.#parts.keys()];
  }

  of(part: string | undefined): LogLevel {
    return (part === undefined ? undefined : this.#parts.get(part)) ?? this.root;
  }

  /** Undefined: the part goes by the root again. */
  set(part: string, level: LogLevel | undefined): void {
    this.#parts.set(part, level);
  }

  /** There is a logger for the part. */
  know(part: string): void {
    if (!this.#parts.has(part)) this.#parts.set(part, undefined);
  }

  isOn(level: LogLevel, part: string | undefined): boolean {
    return (order.get(level) ?? 0) <= (order.get(this.of(part)) ?? 0);
  }
}

/** The same logger, as far as the levels let it speak. A child with a field `part` goes by the level of that part. */
export function leveled(to: Logger, levels: LogLevels, part?: string): Logger {
  return {
    error: (fields, text) => void (levels.isOn('ERROR', part) && to.error(fields, text)),
    warn: (fields, text) => void (levels.isOn('WARN', part) && to.warn(fields, text)),
    info: (fields, text) => void (levels.isOn('INFO', part) && to.info(fields, text)),
    debug: (fields, text) => void (levels.isOn('DEBUG', part) && to.debug(fields, text)),
    child: (fields: LogFields) => {
      const own = typeof fields['part'] === 'string' ? fields['part'] : part;
      if (own !== undefined) levels.know(own);
      return leveled(to.child(fields), levels, own);
    },
  };
}
