import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ReceiveBudget, type Holder } from './receive-budget.ts';

class FakeConnection implements Holder {
  readonly #budget: ReceiveBudget;
  heldBytes = 0;
  isHeldBack = false;

  constructor(budget: ReceiveBudget) {
    this.#budget = budget;
  }

  holds(bytes: number): void {
    const more = bytes - this.heldBytes;
    this.heldBytes = bytes;
    this.#budget.changed(this, more);
  }

  close(): void {
    this.#budget.gone(this, this.heldBytes);
  }

  holdBack(): void {
    this.isHeldBack = true;
  }

  goOn(): void {
    this.isHeldBack = false;
  }
}

function connections(budget: ReceiveBudget, count: number): FakeConnection[] {
  return Array.from({ length: count }, () => new FakeConnection(budget));
}

test('below the limit nobody is held back', () => {
  const budget = new ReceiveBudget(100);
  const [one, two] = connections(budget, 2) as [FakeConnection, FakeConnection];
  one.holds(50);
  two.holds(50);
  assert.deepEqual([one.isHeldBack, two.isHeldBack, budget.heldBytes], [false, false, 100]);
});

test('over the limit one goes on until its frame is complete, then the next', () => {
  const budget = new ReceiveBudget(100);
  const [one, two, three] = connections(budget, 3) as [FakeConnection, FakeConnection, FakeConnection];
  one.holds(60);
  two.holds(60);
  three.holds(60);
  one.holds(70);
  assert.deepEqual(
    [two.isHeldBack, one.isHeldBack, three.isHeldBack],
    [false, true, true],
    'the first over the limit goes on',
  );
  two.holds(0);
  assert.deepEqual([one.isHeldBack, three.isHeldBack].filter(Boolean).length, 1, 'another one goes on');
  one.holds(0);
  three.holds(0);
  assert.deepEqual([one.isHeldBack, two.isHeldBack, three.isHeldBack, budget.heldBytes], [false, false, false, 0]);
});

test('a connection that ends makes room', () => {
  const budget = new ReceiveBudget(100);
  const [one, two, three] = connections(budget, 3) as [FakeConnection, FakeConnection, FakeConnection];
  one.holds(90);
  two.holds(90);
  three.holds(90);
  two.close();
  three.close();
  assert.deepEqual([one.isHeldBack, budget.heldBytes], [false, 90]);
});
