/** Collects the answers to several questions that were asked at once, and tells when the last has come; in the order of the questions. */
export function whenAllAnswered<T>(
  count: number,
  done: (answers: readonly T[]) => void,
): (index: number, answer: T) => void {
  const answers: T[] = [];
  let missing = count;
  if (missing === 0) done(answers);
  return (index, answer) => {
    answers[index] = answer;
    missing--;
    if (missing === 0) done(answers);
  };
}
