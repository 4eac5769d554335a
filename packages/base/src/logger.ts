/**
 * The logging seam. error: someone must act; warn: we recovered; info: changes of state, never per request;
 * debug: per request. The text is constant, what varies is in the fields.
 */
export interface Logger {
  error(fields: LogFields, text: string): void;
  warn(fields: LogFields, text: string): void;
  info(fields: LogFields, text: string): void;
  debug(fields: LogFields, text: string): void;
  /** A logger with these fields bound to every line. */
  child(fields: LogFields): Logger;
}

export type LogFields = Readonly<Record<string, unknown>>;

const nothing = (): void => {};

export const silentLogger: Logger = {
  error: nothing,
  warn: nothing,
  info: nothing,
  debug: nothing,
  child: () => silentLogger,
};
