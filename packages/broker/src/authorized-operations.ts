/** One bit per operation of Kafka's ACLs (KIP-430). Without an authorizer everything that exists for a resource is allowed. */
const read = 1 << 3;
const write = 1 << 4;
const create = 1 << 5;
const del = 1 << 6;
const alter = 1 << 7;
const describe = 1 << 8;
const clusterAction = 1 << 9;
const describeConfigs = 1 << 10;
const alterConfigs = 1 << 11;
const idempotentWrite = 1 << 12;

export const topicOperations: number = read | write | create | del | alter | describe | describeConfigs | alterConfigs;
export const clusterOperations: number =
  create | clusterAction | describeConfigs | alterConfigs | idempotentWrite | alter | describe;
export const groupOperations: number = read | del | describe | describeConfigs | alterConfigs;
/** What is answered when nobody asked. */
export const operationsNotAsked: number = -0x8000_0000;
