// node by-import.mjs host:port topic

import { Admin, ClientError, Consumer, isClientError, Producer } from '@millrace/client';

import { exchange } from './exchange.cjs';

await exchange({ Admin, ClientError, Consumer, isClientError, Producer }, process.argv[2], process.argv[3]);
