import { MillraceError } from '@millrace/base';

export interface CommandLine {
  /** The properties file, if one is named. */
  readonly file: string | undefined;
  readonly overrides: ReadonlyMap<string, string>;
}

/** `[server.properties] [--override key=value]…`, as Kafka's start script takes them. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  let file: string | undefined;
  const overrides = new Map<string, string>();
  for (let n = 0; n < args.length; n++) {
    const argument = args[n]!;
    if (argument === '--override') setOverride(overrides, args[++n]);
    else if (argument.startsWith('--override=')) setOverride(overrides, argument.slice('--override='.length));
    else if (argument.startsWith('-'))
      throw new MillraceError(
        'CONFIG',
        `There is no option ${argument}: give a properties file, and --override key=value.`,
      );
    else if (file !== undefined)
      throw new MillraceError('CONFIG', `Only one properties file can be read, not ${file} and ${argument}.`);
    else file = argument;
  }
  return { file, overrides };
}

function setOverride(overrides: Map<string, string>, text: string | undefined): void {
  const equals = text?.indexOf('=') ?? -1;
  if (text === undefined || equals < 1)
    throw new MillraceError('CONFIG', `--override needs key=value, not ${text ?? 'nothing'}.`);
  overrides.set(text.slice(0, equals).trim(), text.slice(equals + 1));
}
