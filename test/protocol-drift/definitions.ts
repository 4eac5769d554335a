/** Kafka's own message definitions, out of its jars. Maven fetches them; without it, or without the net, the test fails. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const kafkaVersion = '4.4.0';

export interface Definition {
  readonly type: string;
  readonly name: string;
  readonly apiKey?: number;
  readonly validVersions: string;
  readonly flexibleVersions?: string;
  readonly listeners?: readonly string[];
  readonly latestVersionUnstable?: boolean;
  readonly fields: readonly FieldDefinition[];
  readonly commonStructs?: readonly StructDefinition[];
}

export interface StructDefinition {
  readonly name: string;
  readonly versions: string;
  readonly fields: readonly FieldDefinition[];
}

export interface FieldDefinition {
  readonly name: string;
  readonly type: string;
  readonly versions?: string;
  readonly nullableVersions?: string;
  readonly taggedVersions?: string;
  readonly flexibleVersions?: string;
  readonly tag?: number;
  readonly default?: string | number | boolean | null;
  readonly ignorable?: boolean;
  readonly fields?: readonly FieldDefinition[];
}

/** The jars with definitions, and where in them these lie. QuorumStateData of kafka-raft is a JSON file on disk, never bytes. */
const sources = [
  ['kafka-clients', 'common/message'],
  ['kafka-metadata', 'common/metadata'],
  ['kafka-group-coordinator', 'common/message'],
  ['kafka-transaction-coordinator', 'common/message'],
  ['kafka-share-coordinator', 'common/message'],
] as const;

export function loadDefinitions(folder: string): Definition[] {
  return sources.flatMap(([artifact, inside]) => {
    const target = join(folder, artifact);
    maven('unpack', artifact, `-DoutputDirectory=${target}`, '-Dmdep.unpack.includes=common/**');
    const files = readdirSync(join(target, inside)).filter((file) => file.endsWith('.json'));
    return files.map((file) => parse(readFileSync(join(target, inside, file), 'utf8')));
  });
}

/** Where Maven put the clients jar and the one it needs to load. */
export function clientsClassPath(folder: string): string {
  maven('copy', 'kafka-clients', `-DoutputDirectory=${folder}`);
  execute('copy', '-Dartifact=org.slf4j:slf4j-api:1.7.36', `-DoutputDirectory=${folder}`);
  return [join(folder, `kafka-clients-${kafkaVersion}.jar`), join(folder, 'slf4j-api-1.7.36.jar')].join(':');
}

function maven(goal: 'unpack' | 'copy', artifact: string, ...options: readonly string[]): void {
  execute(goal, `-Dartifact=org.apache.kafka:${artifact}:${kafkaVersion}`, ...options);
}

function execute(goal: 'unpack' | 'copy', ...options: readonly string[]): void {
  execFileSync('mvn', ['-q', '-B', `org.apache.maven.plugins:maven-dependency-plugin:3.8.1:${goal}`, ...options], {
    // Without a project the plugin leaves its markers in the folder it is called from.
    cwd: tmpdir(),
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 300_000,
  });
}

/** JSON with comments to the end of the line. */
function parse(text: string): Definition {
  const lines = text.split('\n').map((line) => line.replace(/^\s*\/\/.*$/, '').replace(/\s\/\/[^"]*$/, ''));
  return JSON.parse(lines.join('\n')) as Definition;
}
