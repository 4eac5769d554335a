// node by-require.cjs host:port topic

const client = require('@millrace/client');
const { exchange } = require('./exchange.cjs');

void exchange(client, process.argv[2], process.argv[3]);
