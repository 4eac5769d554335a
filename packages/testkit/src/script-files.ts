/**
 * Scripts as tests. In: a folder of text files with commands (`> …`), and who performs them. Out: what came of each command, compared
 * with what the file says behind it; `UPDATE=1` writes what comes now. Lines with `#` and empty ones stay as they are.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** The lines that tell what came of one command. */
type Perform = (words: readonly string[]) => readonly string[];

interface ScriptFile {
  readonly name: string;
  check(perform: Perform): void;
}

export function scriptsIn(folder: URL): ScriptFile[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.txt'));
  return names.map((name) => ({ name, check: (perform) => checkScript(new URL(name, folder), perform) }));
}

function checkScript(url: URL, perform: Perform): void {
  const expected = readFileSync(url, 'utf8');
  const actual = performed(expected, perform);
  if (process.env['UPDATE'] === '1') writeFileSync(url, actual);
  else assert.equal(actual, expected);
}

function performed(text: string, perform: Perform): string {
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('#') || line === '') lines.push(line);
    if (line.startsWith('> ')) lines.push(line, ...perform(line.slice(2).trim().split(/ +/)));
  }
  return lines.join('\n');
}
