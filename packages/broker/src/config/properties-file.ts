import { MillraceError } from '@millrace/base';

/**
 * Reads the text of a Java properties file: `key=value`, `key: value` or `key value`, comments with # or !, lines continued by a
 * backslash at their end, and escapes. The last of several lines with one key wins. UTF-8, where Java reads Latin-1.
 */
export function parseProperties(text: string): Map<string, string> {
  const properties = new Map<string, string>();
  for (const line of logicalLines(text)) {
    const { key, rest } = splitKey(line);
    properties.set(unescape(key), unescape(rest));
  }
  return properties;
}

/** Lines without comments and blank ones, continuations joined, blanks in front taken away. */
function* logicalLines(text: string): Generator<string> {
  let joined: string | undefined;
  for (const natural of text.split(/\r\n|\n|\r/)) {
    const line = natural.replace(/^[ \t\f]+/, '');
    if (joined === undefined && (line === '' || line.startsWith('#') || line.startsWith('!'))) continue;
    const whole = (joined ?? '') + line;
    const backslashes = /\\*$/.exec(whole)?.[0].length ?? 0;
    if (backslashes % 2 === 1) {
      joined = whole.slice(0, -1);
      continue;
    }
    joined = undefined;
    yield whole;
  }
  if (joined !== undefined && joined !== '') yield joined;
}

/** The key ends at the first =, : or blank that has no backslash in front; blanks around one = or : belong to neither side. */
function splitKey(line: string): { key: string; rest: string } {
  let end = 0;
  while (end < line.length && !/[=: \t\f]/.test(line.charAt(end))) end += line[end] === '\\' ? 2 : 1;
  return { key: line.slice(0, end), rest: line.slice(end).replace(/^[ \t\f]*[=:]?[ \t\f]*/, '') };
}

const escapes: ReadonlyMap<string, string> = new Map([
  ['t', '\t'],
  ['n', '\n'],
  ['r', '\r'],
  ['f', '\f'],
]);

function unescape(text: string): string {
  return text.replace(/\\(u.{0,4}|.?)/gs, (whole, what: string) => {
    if (!what.startsWith('u')) return escapes.get(what) ?? what;
    if (/^u[0-9a-fA-F]{4}$/.test(what)) return String.fromCharCode(Number.parseInt(what.slice(1), 16));
    throw new MillraceError(
      'CONFIG',
      `The properties file has "${whole}" where four hexadecimal digits must follow "\\u".`,
    );
  });
}
