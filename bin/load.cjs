// Runs a command from its bundle, or from its sources where there can be none.
const { join } = require('node:path');
const { bundleOf } = require('./bundle.cjs');

const [command, ...args] = process.argv.slice(2);
process.argv = [process.argv[0], join(__dirname, command), ...args];
const source = join(__dirname, '..', 'packages', 'cli', 'src', `${command}.ts`);
void bundleOf(command, source).then((bundle) => require(bundle ?? source));
