/**
 * What Node 20 has not, for the packages that are published: `script.ts` puts these in the place of the functions that they are named after,
 * and leaves the language's own objects as they are.
 */
export function promiseWithResolvers<T>(): PromiseWithResolvers<T> {
  let resolve!: PromiseWithResolvers<T>['resolve'];
  let reject!: PromiseWithResolvers<T>['reject'];
  const promise = new Promise<T>((...settle) => {
    [resolve, reject] = settle;
  });
  return { promise, resolve, reject };
}

export function promiseTry<T, A extends unknown[]>(call: (...args: A) => T | PromiseLike<T>, ...args: A): Promise<T> {
  return new Promise((resolve) => resolve(call(...args)));
}

export function mapGroupBy<K, T>(items: Iterable<T>, keyOf: (item: T, index: number) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  let index = 0;
  for (const item of items) {
    const key = keyOf(item, index++);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
