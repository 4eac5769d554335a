/** Loggers: entries with a level, a namespace and fields, handed to whatever the `logCreator` made. */
import { logLevel } from './enums.ts';

export interface LoggerEntryContent {
  readonly timestamp: string;
  readonly message: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- fields of any type are the surface
  [key: string]: any;
}

export interface LogEntry {
  namespace: string;
  level: logLevel;
  label: string;
  log: LoggerEntryContent;
}

export type logCreator = (logLevel: logLevel) => (entry: LogEntry) => void;

type Say = (message: string, extra?: object) => void;

export type Logger = {
  info: Say;
  error: Say;
  warn: Say;
  debug: Say;
  namespace: (namespace: string, logLevel?: logLevel) => Logger;
  setLogLevel: (logLevel: logLevel) => void;
};

/** The environment rules: KAFKAJS_LOG_LEVEL=debug. */
function ruled<T>(level: T): logLevel | T {
  const name = (process.env['KAFKAJS_LOG_LEVEL'] ?? '').toUpperCase();
  return Object.hasOwn(logLevel, name) ? logLevel[name as keyof typeof logLevel] : level;
}

export function createLogger(level: logLevel, creator: logCreator): Logger {
  let common: logLevel = ruled(level);
  const write = creator(common);
  const named = (namespace?: string, own?: logLevel): Logger => {
    const say =
      (label: keyof typeof logLevel): Say =>
      (message, extra = {}) => {
        if (logLevel[label] > (own ?? common)) return;
        const log = { timestamp: new Date().toISOString(), logger: 'kafkajs', message, ...extra };
        write({ namespace: namespace as string, level: logLevel[label], label, log });
      };
    return {
      info: say('INFO'),
      error: say('ERROR'),
      warn: say('WARN'),
      debug: say('DEBUG'),
      namespace: (name, level) => named(name, ruled(level)),
      setLogLevel: (level) => void (common = level),
    };
  };
  return named();
}

/** One line of JSON on the console for each entry. */
export const consoleLogCreator: logCreator = () => {
  const { ERROR, WARN, INFO, DEBUG } = logLevel;
  const ways = new Map<number, 'error' | 'warn' | 'info' | 'log'>([
    [ERROR, 'error'],
    [WARN, 'warn'],
    [INFO, 'info'],
    [DEBUG, 'log'],
  ]);
  return ({ namespace, level, label, log }) => {
    const message = namespace ? `[${namespace}] ${log.message}` : log.message;
    const way = ways.get(level);
    if (way !== undefined) console[way](JSON.stringify({ level: label, ...log, message }));
  };
};
