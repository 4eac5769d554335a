// Where Apache Kafka and the other foreign programs are kept, outside the repository, and how they get there.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export const KAFKA_VERSION = '4.3.1';

export const referenceDir: string = import.meta.dirname;

export const cacheDir: string = process.env['MILLRACE_CACHE'] ?? join(homedir(), '.cache', 'millrace');

const kafkaHome = join(cacheDir, `kafka-${KAFKA_VERSION}`);

/** Runs `install.sh` for some of its parts or all of them; it does nothing for what is there already. */
export function install(...parts: string[]): void {
  const { status } = spawnSync('sh', [join(referenceDir, 'install.sh'), ...parts], { stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error(`tools/reference/install.sh ${parts.join(' ')} failed with status ${status}`);
}

let checked = false;

/** Makes sure that Apache Kafka is there: a look at one file when it is, a download when it is not. */
export function ensureKafka(): void {
  if (!checked && process.env['MILLRACE_INSTALLING'] === undefined) install('kafka');
  checked = true;
}

export type JvmKind = 'broker' | 'tools';

/** The class archive that shortens the start of a JVM of this kind. */
export function archivePath(kind: JvmKind): string {
  return join(kafkaHome, `${kind}.jsa`);
}

export interface JvmOptions {
  heapMb?: number;
  /** Java's own choices of compiler and collector, for measurements; else flags for a fast start on few cores. */
  serverFlags?: boolean;
  /** Writes the class archive when the JVM ends. */
  archive?: boolean;
}

/** The arguments of `java` up to the main class. A class archive only fits the class path it was made with, jar by jar. */
export function jvmArguments(kind: JvmKind, options: JvmOptions = {}): string[] {
  const lib = join(kafkaHome, 'lib');
  const jars = readdirSync(lib).sort();
  const archive = archivePath(kind);
  const speed =
    options.serverFlags === true ? ['-server', '-XX:+UseG1GC'] : ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];
  const sharing =
    options.archive === true ? [`-XX:ArchiveClassesAtExit=${archive}`] : [`-XX:SharedArchiveFile=${archive}`];
  return [
    `-Xmx${options.heapMb ?? 512}m`,
    ...speed,
    ...(options.archive === true || existsSync(archive) ? sharing : []),
    '-Xshare:auto',
    '-Xlog:cds=off',
    '-Xlog:cds+dynamic=off',
    '-Duser.timezone=UTC',
    '-Duser.language=en',
    '-Djava.awt.headless=true',
    `-Dlog4j2.configurationFile=${join(referenceDir, `${kind}-log4j2.properties`)}`,
    '-cp',
    jars.map((jar) => join(lib, jar)).join(':'),
  ];
}
