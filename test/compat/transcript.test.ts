import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareTranscripts, formatTranscript, mask, parseFindings, parseTranscript } from './transcript.ts';

const text = '## list\na\nb\n\n## describe\nTopic: a\n\nConfigs: x=1\n';

test('a transcript is read into steps and written back', () => {
  const steps = parseTranscript(text);
  assert.deepEqual(steps, [
    { name: 'list', lines: ['a', 'b'] },
    { name: 'describe', lines: ['Topic: a', '', 'Configs: x=1'] },
  ]);
  assert.equal(formatTranscript(steps), text);
});

test('equal transcripts have no differences', () => {
  assert.deepEqual(compareTranscripts(parseTranscript(text), parseTranscript(text), []), {
    unexpected: [],
    used: [],
    stale: [],
  });
});

test('a missing, an added and a changed line are each told with a sign', () => {
  const after = parseTranscript('## list\nb\nc\n\n## describe\nTopic: a\n\nConfigs: x=2\n');
  assert.deepEqual(compareTranscripts(parseTranscript(text), after, []).unexpected, [
    { name: 'list', lines: ['- a', '+ c'] },
    { name: 'describe', lines: ['- Configs: x=1', '+ Configs: x=2'] },
  ]);
});

test('a step that is missing or new is a difference', () => {
  const { unexpected } = compareTranscripts(parseTranscript('## one\nx\n'), parseTranscript('## two\ny\n'), []);
  assert.deepEqual(unexpected, [
    { name: 'one', lines: ['- x'] },
    { name: 'two', lines: ['+ y'] },
  ]);
});

test('a finding explains lines of its own step only, and is stale when it explains none', () => {
  const findings = parseFindings(
    '| step | line | why |\n| `list` | `^[-+] (a\\|c)$` | a reason |\n|   `describe`   |  `a`   |  no more   |\n',
  );
  const after = parseTranscript('## list\nb\nc\n\n## describe\nTopic: a\n\nConfigs: x=2\n');
  const { unexpected, used, stale } = compareTranscripts(parseTranscript(text), after, findings);
  assert.deepEqual(unexpected, [{ name: 'describe', lines: ['- Configs: x=1', '+ Configs: x=2'] }]);
  assert.deepEqual(
    used.map(({ why }) => why),
    ['a reason'],
  );
  assert.deepEqual(
    stale.map(({ why }) => why),
    ['no more'],
  );
});

test('addresses, folders, ids and times are masked, and numbers that only look alike are not', () => {
  const server = { host: '127.0.0.1', port: 40123, logDir: '/tmp/k-1/data' };
  const line =
    'at 127.0.0.1:40123 port 40123 in /tmp/k-1/data/t-0 c-0f0f0f0f-1111-2222-3333-444444444444 1795261861666 140123 1500000000000';
  assert.equal(mask(line, server), 'at HOST:PORT port PORT in LOGDIR/t-0 c-UUID TIME 140123 1500000000000');
});
