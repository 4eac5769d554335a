import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { nearestName } from './config-nearest.ts';
import { configure, readValue, splitList, valueFault } from './config-value.ts';
import {
  boolean,
  changeable,
  className,
  double,
  inert,
  int,
  list,
  long,
  longMax,
  password,
  short,
  string,
} from './config.ts';
import { isMillraceError } from './error.ts';

const table = {
  count: int(3, { min: 1, max: 10, except: -1 }, 'A count.'),
  small: short(1, {}, 'A small number.'),
  time: long(longMax, { min: 0 }, 'A time.'),
  ratio: double(0.5, { min: 0, max: 1 }, 'A ratio.'),
  flag: boolean(false, {}, 'A flag.'),
  choice: string('a', { oneOf: ['a', 'b'] }, 'A choice.'),
  loose: string('ONE', { oneOf: ['ONE', 'TWO'], anyCase: true }, 'A choice in any case.'),
  names: list('x,y', { oneOf: ['x', 'y', 'z'] }, 'Names.'),
  full: string('x', { nonEmpty: true }, 'Something.'),
  even: int(2, { check: (text) => (Number(text) % 2 === 0 ? undefined : 'it must be even') }, 'An even number.'),
  secret: password(null, { check: () => 'it is never right' }, 'A secret.'),
  plugin: className(null, {}, 'A class.'),
};
const fault = (name: keyof typeof table, text: string): string | undefined => valueFault(name, table[name], text);

suite('configure', () => {
  test('gives typed values, and defaults where nothing is set', () => {
    const values = configure(
      table,
      new Map([
        ['count', ' 7 '],
        ['flag', 'TRUE'],
        ['names', ' x , z '],
        ['choice', 'b'],
        ['unknown', '1'],
      ]),
    );
    const choice: 'a' | 'b' = values.choice;
    assert.equal(choice, 'b');
    assert.equal(values.count, 7);
    assert.equal(values.flag, true);
    assert.deepEqual(values.names, ['x', 'z']);
    assert.equal(values.ratio, 0.5);
    assert.equal(values.secret, null);
    assert.equal(values.time, Number.MAX_SAFE_INTEGER);
  });

  test('throws one sentence about the first value that cannot be', () => {
    assert.throws(
      () => configure(table, new Map([['count', 'many']])),
      (error) =>
        isMillraceError(error) &&
        error.code === 'CONFIG' &&
        error.message === 'Invalid value many for configuration count: Not a number of type INT',
    );
  });

  test('reads whole numbers of every size as far as they are exact', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (number) => {
        assert.equal(readValue('time', long(null, {}, ''), String(number)), number);
      }),
    );
    assert.equal(readValue('time', long(null, {}, ''), '-9223372036854775808'), Number.MIN_SAFE_INTEGER);
  });
});

suite('valueFault', () => {
  const wrong: readonly (readonly [keyof typeof table, string, RegExp])[] = [
    ['count', '0', /Value must be at least 1, or -1$/],
    ['count', '11', /Value must be no more than 10, or -1$/],
    ['count', '1.5', /Not a number of type INT$/],
    ['count', '', /Not a number of type INT$/],
    ['count', '2147483648', /Not a number of type INT$/],
    ['small', '40000', /Not a number of type SHORT$/],
    ['time', '9223372036854775808', /Not a number of type LONG$/],
    ['ratio', '1.01', /Value must be no more than 1$/],
    ['ratio', 'half', /Not a number of type DOUBLE/],
    ['flag', 'yes', /true or false/],
    ['choice', 'c', /String must be one of: a, b/],
    ['choice', 'A', /String must be one of: a, b/],
    ['names', 'x,w', /String must be one of: x, y, z/],
    ['full', '  ', /String must be non-empty$/],
    ['even', '3', /it must be even/],
    ['secret', 'hunter2', /^Invalid value \[hidden\] for configuration secret/],
  ];
  for (const [name, text, expected] of wrong) {
    test(`refuses ${name}=${text}`, () => assert.match(fault(name, text) ?? '', expected));
  }

  const right: readonly (readonly [keyof typeof table, string])[] = [
    ['count', '-1'],
    ['count', '+3'],
    ['time', longMax],
    ['ratio', '1.7E-3'],
    ['flag', 'False'],
    ['loose', 'two'],
    ['names', ''],
    ['plugin', 'org.example.Thing'],
  ];
  for (const [name, text] of right) {
    test(`takes ${name}=${text}`, () => assert.equal(fault(name, text), undefined));
  }
});

test('a list is split at commas with or without blanks around them', () => {
  assert.deepEqual(splitList(' a,b , c '), ['a', 'b', 'c']);
  assert.deepEqual(splitList('  '), []);
  assert.deepEqual(splitList('a,,b'), ['a', '', 'b']);
});

test('tables are marked as a whole', () => {
  const marked = changeable(inert({ one: int(1, {}, 'One.'), two: int(2, {}, 'Two.') }));
  assert.deepEqual([marked.one.inert, marked.two.inert, marked.two.dynamic], [true, true, 'cluster-wide']);
  assert.equal(table.count.inert, false);
  assert.equal(table.count.dynamic, 'read-only');
});

suite('nearestName', () => {
  const names = ['log.retention.ms', 'log.retention.hours', 'num.partitions', 'listeners'];

  test('finds what was meant', () => {
    assert.equal(nearestName('log.retension.ms', names), 'log.retention.ms');
    assert.equal(nearestName('num.partition', names), 'num.partitions');
    assert.equal(nearestName('listener', names), 'listeners');
  });

  test('finds nothing where nothing is near', () => {
    assert.equal(nearestName('completely.different.thing', names), undefined);
    assert.equal(nearestName('x', names), undefined);
  });
});
