/** An npm registry on loopback that has what was packed, and nothing else. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Packed } from '../../tools/pack.ts';

export interface Registry extends AsyncDisposable {
  readonly url: string;
}

export async function startRegistry(packages: readonly Packed[]): Promise<Registry> {
  const server = createServer(({ url: asked = '' }, answer) => {
    const path = decodeURIComponent(asked.slice(1));
    const tarball = packages.find(({ manifest }) => path === `${manifest.name}.tgz`);
    const described = packages.find(({ manifest }) => path === manifest.name);
    if (tarball !== undefined) answer.end(readFileSync(tarball.path));
    else if (described !== undefined) answer.end(JSON.stringify(describe(described, url)));
    else answer.writeHead(404).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function describe({ manifest, path }: Packed, url: string): object {
  const { name, version } = manifest;
  const integrity = `sha512-${createHash('sha512').update(readFileSync(path)).digest('base64')}`;
  const dist = { tarball: `${url}/${name}.tgz`, integrity };
  return { name, 'dist-tags': { latest: version }, versions: { [version]: { ...manifest, dist } } };
}
