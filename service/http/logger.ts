// The log: lines of JSON on stderr, by pino. What goes in is named one by one: no header, no token, no content gets there by accident.

import { pino } from "pino";

export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** Whether each request is to be logged. */
  isDebug(): boolean;
}

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

export const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {}, isDebug: () => false };

/** @param write where lines go; default: stderr, at once, so that the last ones are not lost */
export function createLogger(level: LogLevel, write?: (line: string) => void): Logger {
  const target = write === undefined ? pino.destination({ fd: 2, sync: true }) : { write };
  const log = pino({ name: "mempred", level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, target);
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => log.warn(fields, message),
    error: (fields, message) => log.error(fields, message),
    isDebug: () => log.isLevelEnabled("debug"),
  };
}
