/**
 * The types of a package. In: what the compiler writes for the sources. Out: those of the files that its door leads to, with paths in the place
 * of the names of packages that are not published.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

const written = 'node_modules/.cache/millrace/declarations';
const specifier = /(?<=\b(?:from |import\()['"])[^'"]+(?=['"])/g;

/** Throws when the sources need more of the language than Node 20 and `ponyfills.ts` have. */
export function compileDeclarations(root: string): void {
  rmSync(join(root, written), { recursive: true, force: true });
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [compiler, '-p', 'tools/pack/tsconfig.json'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) throw new Error('the declarations cannot be written: the compiler says why');
}

/** `published` are the packages that stay names, as users have them beside this one. */
export function writeDeclarations(root: string, name: string, folder: string, published: ReadonlySet<string>): void {
  const door = `${name}/src/index.d.ts`;
  const files = new Set([door]);
  for (const file of files) {
    const text = readFileSync(join(root, written, file), 'utf8')
      .replaceAll(/^import (\w+) from (?='node:)/gm, 'import * as $1 from ')
      // The compiler writes out what is the default; older compilers and declarations of Node have no parameter there.
      .replaceAll('<ArrayBufferLike>', '')
      .replaceAll(specifier, (target) => {
        const found = fileOf(file, target, published);
        if (found === undefined) return target;
        files.add(found);
        const path = posix.relative(posix.dirname(file), found).replace(/\.d\.ts$/, '.js');
        return path.startsWith('.') ? path : `./${path}`;
      });
    write(join(folder, 'types', file), text);
  }
  // Without a default export, as CommonJS has none.
  write(
    join(folder, 'index.d.ts'),
    `/// <reference types="node" />\nexport * from './types/${door.replace('.d.ts', '.js')}';\n`,
  );
}

/** The declarations that `target`, as `file` names it, stands for; undefined for packages of others. */
function fileOf(file: string, target: string, published: ReadonlySet<string>): string | undefined {
  if (target.startsWith('.')) return posix.join(posix.dirname(file), target.replace(/\.ts$/, '.d.ts'));
  const inside = /^@millrace\/(\w+)$/.exec(target)?.[1];
  return inside === undefined || published.has(target) ? undefined : `${inside}/src/index.d.ts`;
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
