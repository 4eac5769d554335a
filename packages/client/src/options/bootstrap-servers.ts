import { ClientError } from '../error.ts';

/** `host:port` and `[::1]:9092`, with or without `PROTOCOL://` in front. Throws `ClientError` CONFIG. */
export function parseBootstrap(servers: readonly string[]): { readonly host: string; readonly port: number }[] {
  if (servers.length === 0)
    throw new ClientError('CONFIG', 'bootstrap.servers must name at least one broker, like "localhost:9092".');
  return servers.map((server) => {
    const match = /^(?:[a-zA-Z_]+:\/\/)?\[?([0-9a-zA-Z\-%._:]*?)\]?:(\d{1,5})$/.exec(server);
    const port = Number(match?.[2]);
    if (match === null || match[1] === '' || port > 65_535)
      throw new ClientError('CONFIG', `"${server}" in bootstrap.servers is not host:port, like "localhost:9092".`);
    if (/^https?:/i.test(server))
      throw new ClientError(
        'CONFIG',
        `"${server}" in bootstrap.servers is an address of HTTP; name the broker's own listener as host:port.`,
      );
    return { host: match[1]!, port };
  });
}
