// Whether all ways lead to the same classes, with both packages in one program: one line of JSON.

import { createRequire } from 'node:module';

import * as client from '@millrace/client';
import kafkajs, * as door from 'kafkajs';

const require = createRequire(import.meta.url);
const required = { client: require('@millrace/client'), door: require('kafkajs') };
const ofDoor = createRequire(require.resolve('kafkajs'));
const imported = { client: { ...client }, door: { ...door } };
console.log(
  JSON.stringify({
    client: Object.keys(required.client).filter((name) => imported.client[name] !== required.client[name]),
    door: Object.keys(required.door).filter((name) => imported.door[name] !== required.door[name]),
    isDefaultAll: kafkajs === required.door,
    hasDefault: 'default' in required.door || '__esModule' in required.door,
    doorHasClient: ofDoor('@millrace/client') === required.client,
  }),
);
