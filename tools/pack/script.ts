/**
 * One package's JavaScript. In: its sources, and those of the packages inside this repository that are not published. Out: one CommonJS file
 * that Node 20 runs. `import` reads the names of its exports from its last statement, so both ways give the same classes.
 */
import { readFileSync } from 'node:fs';

import { build, type Metafile, type Plugin } from 'esbuild';

export interface Script {
  /** The packages that it requires, beside those of Node. */
  readonly dependencies: readonly string[];
  /** The packages of others that are in it, by their folders. */
  readonly bundled: readonly string[];
}

/** Published packages, and parts for each platform, which npm chooses. */
const external = ['@millrace/client', '@node-rs/crc32'];

/** The sources run as ES modules, which have no `require` of their own; the file has one. */
const plainRequire: Plugin = {
  name: 'plain-require',
  setup(step) {
    step.onLoad({ filter: /\/protocol\/src\/.*\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll('createRequire(import.meta.url)(', 'require('),
      loader: 'ts',
    }));
  },
};

export async function writeScript(root: string, name: string, path: string): Promise<Script> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [`packages/${name}/src/index.ts`],
    outfile: path,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: external.filter((dependency) => dependency !== `@millrace/${name}`),
    // Its own package wants a newer Node and is an ES module; this entry has the WebAssembly inside.
    alias: { '@platformatic/wasm-utils': '@platformatic/wasm-utils/bundled' },
    inject: ['tools/pack/ponyfills.ts'],
    define: {
      'Promise.withResolvers': 'promiseWithResolvers',
      'Promise.try': 'promiseTry',
      'Map.groupBy': 'mapGroupBy',
    },
    plugins: [plainRequire],
    ...(name === 'kafkajs' ? { footer: { js: await plainExports(root, name) } } : {}),
    logOverride: { 'empty-import-meta': 'error' },
    logLevel: 'error',
    metafile: true,
  });
  return { dependencies: requiredBy(metafile), bundled: foreignIn(metafile) };
}

/** kafkajs gives one plain object, whose members tests may replace, and no `default` in it. */
async function plainExports(root: string, name: string): Promise<string> {
  const { default: all }: { default: object } = await import(`${root}/packages/${name}/src/index.ts`);
  return `module.exports = module.exports.default;\n0 && (module.exports = { ${Object.keys(all).join(', ')} });`;
}

function requiredBy({ outputs }: Metafile): string[] {
  const imports = Object.values(outputs).flatMap((output) => output.imports);
  const names = imports.filter(({ path, external }) => external === true && !path.startsWith('node:'));
  return [...new Set(names.map(({ path }) => path))].sort();
}

function foreignIn({ inputs }: Metafile): string[] {
  const folders = Object.keys(inputs).map((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0]);
  return [...new Set(folders.filter((folder) => folder !== undefined))].sort();
}
