// What would change the cluster itself: kafka-metadata-quorum, kafka-cluster, kafka-features. A cluster of one refuses nearly all of it.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ToolSteps } from './tool-steps.ts';

export async function quorum(tools: ToolSteps): Promise<void> {
  await voters(tools);
  const cluster = async (name: string, ...args: string[]) =>
    await tools.local(`cluster: ${name}`, 'kafka-cluster', [...args, '--bootstrap-server', tools.target.bootstrap], {
      mask: (text) => text.replaceAll(/adminclient-\d+/g, 'adminclient-N'),
    });
  await cluster('unregister a broker that is not there', 'unregister', '--id', '9');
  await cluster('endpoints, fenced ones too', 'list-endpoints', '--include-fenced-brokers');
  await features(tools);
}

async function voters(tools: ToolSteps): Promise<void> {
  const step = async (name: string, ...args: string[]) =>
    await tools.step(`quorum: ${name}`, 'kafka-metadata-quorum', args, {
      mask: (text) => text.replaceAll(/directory id [\w-]{22}/g, 'directory id ID'),
    });
  const remove = ['remove-controller', '--controller-id', '2', '--controller-directory-id', 'bWlsbHJhY2VfcmVmZXJlbg'];
  await step('remove a controller', ...remove);
  await step('remove a controller, tried only', ...remove, '--dry-run');
  const dir = mkdtempSync(join(tmpdir(), 'quorum-'));
  try {
    const file = join(dir, 'controller.properties');
    writeFileSync(
      join(dir, 'meta.properties'),
      'version=1\nnode.id=2\ncluster.id=x\ndirectory.id=bWlsbHJhY2VfcmVmZXJlbg\n',
    );
    writeFileSync(
      file,
      `process.roles=controller\nnode.id=2\nlisteners=CONTROLLER://127.0.0.1:19093\ncontroller.listener.names=CONTROLLER\nlog.dirs=${dir}\ncontroller.quorum.bootstrap.servers=127.0.0.1:19093\n`,
    );
    await step('add a controller', '--command-config', file, 'add-controller');
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function features(tools: ToolSteps): Promise<void> {
  const step = async (name: string, ...args: string[]) =>
    await tools.step(`features: ${name}`, 'kafka-features', args, {
      mask: (text) => text.replaceAll(/Epoch: \d+/g, 'Epoch: N'),
    });
  await step('versions of a release', 'version-mapping', '--release-version', '4.2');
  await step('what a feature needs', 'feature-dependencies', '--feature', 'transaction.version=2');
  await step('upgrade to what is there', 'upgrade', '--feature', 'transaction.version=2');
  await step('upgrade to what nobody knows', 'upgrade', '--feature', 'transaction.version=9');
  await step('upgrade a feature that nobody knows', 'upgrade', '--feature', 'no.such.version=1');
  await step('upgrade the metadata beyond', 'upgrade', '--metadata', '9.9');
  await step('downgrade, tried only', 'downgrade', '--feature', 'transaction.version=1', '--dry-run');
  await step('downgrade', 'downgrade', '--feature', 'transaction.version=1');
  await step('describe after the downgrade', 'describe');
  await step('upgrade again', 'upgrade', '--feature', 'transaction.version=2');
  await step('disable the metadata', 'disable', '--feature', 'metadata.version');
  await step('disable, tried only', 'disable', '--feature', 'transaction.version', '--dry-run');
  await step('downgrade the metadata without consent', 'downgrade', '--metadata', '3.3');
}
