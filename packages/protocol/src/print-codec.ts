/** Prints the compiled functions of a message: `node packages/protocol/src/print-codec.ts FetchRequest 12`. */
import { allMessages } from './all-messages.ts';
import { readerText } from './compile-reader.ts';
import { writerText } from './compile-writer.ts';
import { includes } from './schema.ts';

const [name = '', versionText] = process.argv.slice(2);
const message = allMessages().get(name);
const version = Number(versionText);
if (message === undefined || !includes(message.versions, version)) {
  console.error(
    message === undefined
      ? `usage: print-codec.ts <message> <version>, with a message such as FetchRequest; there is no "${name}"`
      : `${name} has the versions ${message.versions.since} to ${message.versions.until}`,
  );
  process.exitCode = 1;
} else {
  console.log(`${readerText(message, version)}\n\n${writerText(message, version)}`);
}
