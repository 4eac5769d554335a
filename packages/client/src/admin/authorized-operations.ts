import { aclOperations, type AclOperation } from './acl-words.ts';

/** What an answer says where it was not asked. */
const unasked = -0x8000_0000;

/** A bit per operation; undefined where the answer does not tell. */
export function operationsOf(bits: number): readonly AclOperation[] | undefined {
  if (bits === unasked) return undefined;
  return aclOperations.filter((_, code) => code > 2 && ((bits >>> code) & 1) === 1);
}
