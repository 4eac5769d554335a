// Whoever imports or requires `kafkajs` in this process gets our door: node --import door-hook.ts.

import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const url = pathToFileURL(join(import.meta.dirname, '..', '..', '..', 'packages', 'kafkajs', 'src', 'index.ts')).href;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'kafkajs' ? { url, format: 'module-typescript', shortCircuit: true } : next(specifier, context),
});
