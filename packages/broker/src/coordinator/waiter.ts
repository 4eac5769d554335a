/** Who asked and has no answer yet. Exactly one of the two is called, once. */
export interface Waiter<R> {
  answer(response: R): void;
  /** The whole request failed with this code of the error table. */
  fail(errorCode: number): void;
}
