/** What an application sees with the door, beside what it sees with kafkajs itself, step by step. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { compareTranscripts, formatTranscript, parseFindings, parseTranscript, type Finding } from '../transcript.ts';
import { type Library, runApplication } from './program.ts';

const recorded = join(import.meta.dirname, 'testdata', 'kafkajs-2.2.4.txt');

function findings(): Finding[] {
  return parseFindings(readFileSync(join(import.meta.dirname, 'FINDINGS.md'), 'utf8'));
}

export async function prove(library: Library, bootstrap: string, kind: 'kafka' | 'millrace'): Promise<void> {
  judge(await runApplication(library, bootstrap), library, kind);
}

/** Throws when the application saw anything else than kafkajs showed it on Apache Kafka, apart from the findings. */
export function judge(printed: string, library: Library, kind: 'kafka' | 'millrace'): void {
  const seen = parseTranscript(printed);
  const expected = parseTranscript(readFileSync(recorded, 'utf8'));
  assert.ok(expected.length > 30, 'the recorded transcript has all steps');
  const isOfMillrace = ({ why }: Finding) => why.startsWith('Millrace only');
  const rules = findings().filter((finding) => (isOfMillrace(finding) ? kind === 'millrace' : library === 'door'));
  const { unexpected, stale } = compareTranscripts(expected, seen, rules);
  assert.equal(formatTranscript(unexpected), '', 'differences that nobody has explained');
  assert.deepEqual(stale, [], 'findings that explain nothing any more');
}
