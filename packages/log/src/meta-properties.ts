/** `meta.properties`: whose log directory this is. Kafka's version 1, a Java properties file. */
import { type Disk, MillraceError, readSmallFile, replaceSmallFile } from '@millrace/base';

export interface MetaProperties {
  readonly clusterId: string;
  readonly nodeId: number;
  readonly directoryId: string;
}

const fileName = 'meta.properties';
const formatVersion = '1';

export function readMetaProperties(disk: Disk, folder: string): MetaProperties | undefined {
  const path = `${folder}/${fileName}`;
  const bytes = readSmallFile(disk, path);
  if (bytes === undefined) return undefined;
  const entries = new Map<string, string>();
  for (const line of Buffer.from(bytes).toString().split(/\r?\n/)) {
    const found = /^\s*([^#!\s=:][^\s=:]*)\s*[=:]\s*(.*?)\s*$/.exec(line);
    if (found !== null) entries.set(found[1]!, found[2]!.replaceAll(/\\(.)/g, '$1'));
  }
  const version = entries.get('version');
  const clusterId = entries.get('cluster.id');
  const nodeId = Number(entries.get('node.id') ?? Number.NaN);
  if (version !== formatVersion || clusterId === undefined || !Number.isInteger(nodeId)) {
    throw new MillraceError(
      'CONFIG',
      `${path} is not one of version ${formatVersion} with cluster.id and node.id: Millrace opens directories of Apache Kafka in KRaft mode, 3.3 or later.`,
    );
  }
  return { clusterId, nodeId, directoryId: entries.get('directory.id') ?? '' };
}

export function writeMetaProperties(disk: Disk, folder: string, properties: MetaProperties): void {
  const text = `version=${formatVersion}\ncluster.id=${properties.clusterId}\nnode.id=${properties.nodeId}\ndirectory.id=${properties.directoryId}\n`;
  replaceSmallFile(disk, `${folder}/${fileName}`, Buffer.from(text));
}
