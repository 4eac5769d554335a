import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseProperties } from './properties-file.ts';

const read = (text: string): Record<string, string> => Object.fromEntries(parseProperties(text));

suite('a properties file', () => {
  test('has keys and values, parted by =, : or a blank', () => {
    assert.deepEqual(read('a=1\nb: 2\nc 3\n d = 4 \ne\nf=\n'), { a: '1', b: '2', c: '3', d: '4 ', e: '', f: '' });
    assert.deepEqual(read('listeners=PLAINTEXT://:9092,X://h:1'), { listeners: 'PLAINTEXT://:9092,X://h:1' });
    assert.deepEqual(read('a==b\nc=:d\ne = = f'), { a: '=b', c: ':d', e: '= f' });
  });

  test('has comments and blank lines', () => {
    assert.deepEqual(read('# one\n  ! two\n\n \t\na=1 # not a comment\n'), { a: '1 # not a comment' });
  });

  test('has lines that go on after a backslash, without the blanks in front', () => {
    assert.deepEqual(read('a=1,\\\n   2,\\\r\n\t3\nb=4'), { a: '1,2,3', b: '4' });
    assert.deepEqual(read('a=one\\\\\nb=2'), { a: 'one\\', b: '2' });
    assert.deepEqual(read('a=1\\\n# no comment here\nb=2'), { a: '1# no comment here', b: '2' });
    assert.deepEqual(read('a=1\\'), { a: '1' });
  });

  test('has escapes', () => {
    assert.deepEqual(read(String.raw`a\ b\=c=1\t2\n3\\4\u00e9\q`), { 'a b=c': '1\t2\n3\\4éq' });
    assert.deepEqual(read('path=C:\\\\data'), { path: 'C:\\data' });
    assert.throws(() => read(String.raw`a=\u00z9`), /four hexadecimal digits/);
  });

  test('may be written anywhere', () => {
    assert.deepEqual(read('a=1\rb=2\r\nc=3'), { a: '1', b: '2', c: '3' });
    assert.deepEqual(read('a=1\na=2'), { a: '2' });
    assert.deepEqual(read('name=Zürich'), { name: 'Zürich' });
    assert.deepEqual(read(''), {});
  });
});
