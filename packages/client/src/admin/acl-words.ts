/** The words of ACLs, in Kafka's names. */
export const aclOperations = [
  'UNKNOWN',
  'ANY',
  'ALL',
  'READ',
  'WRITE',
  'CREATE',
  'DELETE',
  'ALTER',
  'DESCRIBE',
  'CLUSTER_ACTION',
  'DESCRIBE_CONFIGS',
  'ALTER_CONFIGS',
  'IDEMPOTENT_WRITE',
  'CREATE_TOKENS',
  'DESCRIBE_TOKENS',
  'TWO_PHASE_COMMIT',
] as const;
export type AclOperation = (typeof aclOperations)[number];

export const aclPermissionTypes = ['UNKNOWN', 'ANY', 'DENY', 'ALLOW'] as const;
export type AclPermissionType = (typeof aclPermissionTypes)[number];

export const aclResourceTypes = [
  'UNKNOWN',
  'ANY',
  'TOPIC',
  'GROUP',
  'CLUSTER',
  'TRANSACTIONAL_ID',
  'DELEGATION_TOKEN',
  'USER',
] as const;
export type AclResourceType = (typeof aclResourceTypes)[number];

/** MATCH, in filters, finds everything that would apply to the name: literal, prefixed and `*`. */
export const aclPatternTypes = ['UNKNOWN', 'ANY', 'MATCH', 'LITERAL', 'PREFIXED'] as const;
export type AclPatternType = (typeof aclPatternTypes)[number];
