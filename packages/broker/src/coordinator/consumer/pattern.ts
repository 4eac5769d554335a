/**
 * Topics by pattern. In: regular expressions that clients send. Out: the topics whose whole names they match, found by an engine whose
 * time grows with the length of the text only, in slices between which the loop does other things.
 */
import { re2Pattern, type Re2Pattern } from '../../re2-pattern.ts';
import type { GroupEnvironment } from '../environment.ts';

/** Longer ones are refused before they are looked at. */
const patternLengthMax = 4096;
/** How long names are matched at a stretch. */
const sliceMs = 2;
/** Names between two looks at the clock. */
const namesPerLook = 64;

/** The reason why a pattern is none, in words for the client. */
export function patternFault(pattern: string): string | undefined {
  const compiled = compile(pattern);
  return typeof compiled === 'string'
    ? `SubscribedTopicRegex \`${pattern}\` is not a valid regular expression: ${compiled}.`
    : undefined;
}

/** `done` comes later, never at once. A pattern that is none matches nothing. */
export function matchTopics(
  { clock, timers, topics }: Pick<GroupEnvironment, 'clock' | 'timers' | 'topics'>,
  patterns: readonly string[],
  done: (matches: ReadonlyMap<string, ReadonlySet<string>>) => void,
): void {
  const names = Array.from(topics.topics(), ({ name }) => name);
  const matchers = patterns.map((pattern) => ({ compiled: compile(pattern), found: new Set<string>() }));
  let at = 0;
  const slice = (): void => {
    const untilMs = clock.monotonic() + sliceMs;
    while (at < names.length && clock.monotonic() <= untilMs) {
      const end = Math.min(at + namesPerLook, names.length);
      for (; at < end; at++) matchOne(names[at] ?? '', matchers);
    }
    if (at < names.length) timers.after(0, slice);
    else done(new Map(patterns.map((pattern, index) => [pattern, matchers[index]?.found ?? new Set()])));
  };
  timers.after(0, slice);
}

function matchOne(
  name: string,
  matchers: readonly { readonly compiled: Re2Pattern | string; readonly found: Set<string> }[],
): void {
  for (const { compiled, found } of matchers)
    if (typeof compiled !== 'string' && compiled.matches(name)) found.add(name);
}

/** The text says why it cannot be. */
function compile(pattern: string): Re2Pattern | string {
  if (pattern.length > patternLengthMax) return `it is longer than ${patternLengthMax} characters`;
  return re2Pattern(pattern);
}
