/** Numbers and texts as programs without types give them: a partition as "0", an offset as 7. */
export const numberOf = (given: unknown): number => Number(given);
export const textOf = (given: unknown): string => String(given);
