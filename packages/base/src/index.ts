export { assert, AssertionError } from './assert.ts';
export { isMillraceError, MillraceError, type ErrorCode } from './error.ts';
export type { Clock, Timer, Timers } from './clock.ts';
export type { Random } from './random.ts';
export { readSmallFile, replaceSmallFile, type Disk, type DiskFile, type FileStat, type FolderLock } from './disk.ts';
export { silentLogger, type Logger, type LogFields } from './logger.ts';
export { leveled, logLevelOf, LogLevels, logLevels, type LogLevel } from './log-levels.ts';
export type { Host } from './host.ts';
export type { ListenAddress, Network, Port, Socket, SocketEvents } from './network.ts';
export { NodeDisk } from './disk-node.ts';
export { nodeHost } from './host-node.ts';
export { NodeSocket } from './network-node.ts';
export {
  boolean,
  changeable,
  className,
  double,
  inert,
  int,
  intMax,
  list,
  long,
  longMax,
  password,
  short,
  string,
  type DynamicMode,
  type Importance,
  type Key,
  type KeyOptions,
  type KeyTable,
  type KeyType,
  type Synonym,
  type Values,
} from './config.ts';
export { configure, readValue, splitList, valueFault, type ConfigValue } from './config-value.ts';
export { nearestName } from './config-nearest.ts';
