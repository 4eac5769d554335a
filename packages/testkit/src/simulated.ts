/** A host without anything real: for tests of what knows nothing of brokers. */
export { CrashDisk } from './crash-disk.ts';
export { FaultDisk, type DiskCall, type Fault } from './fault-disk.ts';
export { batchOf, put, readBytes, recordsIn, recordsOf, valuesOf } from './log-fixture.ts';
export { diskError, MemoryDisk } from './memory-disk.ts';
export { scriptsIn } from './script-files.ts';
export { seededRandom, TestHost, type TestHostOptions } from './test-host.ts';
