import assert from 'node:assert/strict';
import { test } from 'node:test';

import { leveled, LogLevels, logLevelOf } from './log-levels.ts';
import type { Logger } from './logger.ts';

function recording(): { readonly lines: string[]; readonly log: Logger } {
  const lines: string[] = [];
  const to = (fields: object): Logger => {
    const write = (level: string) => (more: object, text: string) =>
      void lines.push(`${level} ${text} ${JSON.stringify({ ...fields, ...more })}`);
    return {
      error: write('error'),
      warn: write('warn'),
      info: write('info'),
      debug: write('debug'),
      child: (more) => to({ ...fields, ...more }),
    };
  };
  return { lines, log: to({}) };
}

test('a part logs as much as its own level says, or else as the root', () => {
  const { lines, log } = recording();
  const levels = new LogLevels('WARN');
  const root = leveled(log, levels);
  const part = root.child({ part: 'p' }).child({ topic: 't' });
  root.info({}, 'no');
  part.info({}, 'no');
  levels.set('p', 'DEBUG');
  part.debug({ n: 1 }, 'yes');
  root.warn({}, 'yes');
  levels.set('p', undefined);
  part.info({}, 'no');
  levels.root = 'TRACE';
  part.debug({}, 'yes');
  levels.root = 'FATAL';
  part.error({}, 'no');
  assert.deepEqual(lines, [
    'debug yes {"part":"p","topic":"t","n":1}',
    'warn yes {}',
    'debug yes {"part":"p","topic":"t"}',
  ]);
  assert.deepEqual(levels.parts, ['p']);
});

test('a level is known in any case, and by no other name', () => {
  assert.equal(logLevelOf('debug'), 'DEBUG');
  assert.equal(logLevelOf('loud'), undefined);
});
