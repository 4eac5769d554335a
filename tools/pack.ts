/**
 * `npm run pack`: the packages that are published, as tarballs under `packed/`, ready for `npm publish FILE`. Each has one JavaScript file for
 * Node 20 and later, the declarations of its types, README and licences.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { compileDeclarations, writeDeclarations } from './pack/declarations.ts';
import { type Script, writeScript } from './pack/script.ts';

const root = join(import.meta.dirname, '..');
const published = ['client', 'kafkajs'];

/** What a package says of itself. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly keywords: readonly string[];
  readonly license: string;
  readonly engines: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

export interface Packed {
  readonly manifest: Manifest;
  /** Of the tarball. */
  readonly path: string;
}

if (import.meta.main) for (const { path } of await pack(join(root, 'packed'))) console.log(path);

/** What was in `target` before is gone. */
export async function pack(target: string): Promise<Packed[]> {
  rmSync(target, { recursive: true, force: true });
  compileDeclarations(root);
  const packed: Packed[] = [];
  for (const name of published) {
    const folder = join(target, name);
    mkdirSync(folder, { recursive: true });
    const script = await writeScript(root, name, join(folder, 'dist', 'index.js'));
    writeDeclarations(root, name, join(folder, 'dist'), new Set(published.map((other) => `@millrace/${other}`)));
    writeTexts(name, folder, script);
    packed.push({ manifest: manifestOf(folder), path: join(target, npmPack(folder, target)) });
    rmSync(folder, { recursive: true });
  }
  return packed;
}

function writeTexts(name: string, folder: string, script: Script): void {
  const manifest = publishedManifest(name, script.dependencies);
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
  // Links into the repository lead nowhere from a package.
  const readme = readFileSync(join(root, 'packages', name, 'README.md'), 'utf8');
  writeFileSync(join(folder, 'README.md'), readme.replaceAll(/\[([^\]]+)\]\((?!https?:|#)[^)]*\)/g, '$1'));
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  if (script.bundled.length > 0) writeFileSync(join(folder, 'THIRD-PARTY.txt'), licencesOf(script.bundled));
}

function publishedManifest(name: string, dependencies: readonly string[]): object {
  const { version, description, keywords, license, engines, ...own } = manifestOf(join(root, 'packages', name));
  return {
    name: own.name,
    version,
    description,
    keywords,
    license,
    engines,
    main: './dist/index.js',
    types: './dist/index.d.ts',
    exports: {
      '.': { types: './dist/index.d.ts', default: './dist/index.js' },
      './package.json': './package.json',
    },
    dependencies: Object.fromEntries(dependencies.map((dependency) => [dependency, versionOf(dependency)])),
  };
}

/** As some package of the repository asks for it. */
function versionOf(dependency: string): string {
  for (const name of readdirSync(join(root, 'packages'))) {
    const version = manifestOf(join(root, 'packages', name)).dependencies[dependency];
    if (version !== undefined) return version;
  }
  throw new Error(`no package of the repository depends on ${dependency}`);
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

function licencesOf(folders: readonly string[]): string {
  const texts = folders.map((folder) => {
    const { name, version } = manifestOf(join(root, folder));
    return `${name} ${version} is part of dist/index.js. Its licence:\n\n${readFileSync(join(root, folder, 'LICENSE'), 'utf8')}`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}

function npmPack(folder: string, target: string): string {
  const { status, stdout } = spawnSync('npm', ['pack', '--json', '--pack-destination', target], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 2],
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`npm pack of ${folder} failed with status ${status}`);
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  return filename;
}
