// What a client saw, as text: steps with a name each, and the lines that came out. Two transcripts are compared step by step.

export interface Step {
  name: string;
  lines: string[];
}

/** A difference somebody has looked at and explained in a FINDINGS.md. */
export interface Finding {
  step: string;
  line: RegExp;
  why: string;
}

export interface Comparison {
  /** Differing lines by step, `-` before what Apache Kafka gave and `+` before what the other gave. */
  unexpected: Step[];
  /** Findings that explained at least one differing line. */
  used: Finding[];
  /** Findings that explain nothing any more and should go. */
  stale: Finding[];
}

/** Steps begin with a line `## name`. */
export function parseTranscript(text: string): Step[] {
  const steps: Step[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('## ')) steps.push({ name: line.slice(3), lines: [] });
    else steps.at(-1)?.lines.push(line);
  }
  for (const { lines } of steps) while (lines.at(-1) === '') lines.pop();
  return steps;
}

export function formatTranscript(steps: Step[]): string {
  return steps.map(({ name, lines }) => [`## ${name}`, ...lines, ''].join('\n')).join('\n');
}

/** Replaces what differs from run to run: addresses, folders, ids, times of today. */
export function mask(text: string, server: { host: string; port: number; logDir: string }): string {
  return text
    .replaceAll(server.logDir, 'LOGDIR')
    .replaceAll(`${server.host}:${server.port}`, 'HOST:PORT')
    .replaceAll(new RegExp(`\\b${server.port}\\b`, 'g'), 'PORT')
    .replaceAll(/127\.0\.0\.1:\d+/g, 'HOST:PORT')
    .replaceAll(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, 'UUID')
    .replaceAll(/\b1[789]\d{11}\b/g, 'TIME');
}

export function compareTranscripts(kafka: Step[], other: Step[], findings: Finding[]): Comparison {
  const used = new Set<Finding>();
  const unexpected: Step[] = [];
  const names = [...new Set([...kafka, ...other].map(({ name }) => name))];
  for (const name of names) {
    const linesOf = (steps: Step[]) => steps.filter((step) => step.name === name).flatMap(({ lines }) => lines);
    const rules = findings.filter(({ step }) => step === name || step === '*');
    const lines = differingLines(linesOf(kafka), linesOf(other)).filter((line) => {
      const rule = rules.find((rule) => rule.line.test(line));
      if (rule !== undefined) used.add(rule);
      return rule === undefined;
    });
    if (lines.length > 0) unexpected.push({ name, lines });
  }
  return { unexpected, used: [...used], stale: findings.filter((finding) => !used.has(finding)) };
}

/** Reads the rows `| step | pattern | why |` of a FINDINGS.md, the first two in backquotes. A pattern sees the line with its sign. */
export function parseFindings(markdown: string): Finding[] {
  return [...markdown.matchAll(/^\| *`([^`]+)` *\| *`([^`]+)` *\| *(.+?) *\|$/gm)].map(
    ([, step = '', line = '', why = '']) => ({
      step,
      line: new RegExp(line.replaceAll('\\|', '|')),
      why,
    }),
  );
}

/** The lines outside a longest common subsequence of the two lists. */
function differingLines(before: string[], after: string[]): string[] {
  const width = after.length + 1;
  const common = new Uint32Array((before.length + 1) * width);
  const at = (i: number, j: number) => common[i * width + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      common[i * width + j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) [i, j] = [i + 1, j + 1];
    else if (j === after.length || (i < before.length && at(i + 1, j) >= at(i, j + 1))) lines.push(`- ${before[i++]}`);
    else lines.push(`+ ${after[j++]}`);
  }
  return lines;
}
