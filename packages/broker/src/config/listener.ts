import { MillraceError, splitList } from '@millrace/base';

export interface ListenerConfig {
  /** In upper case, as Kafka compares them. */
  readonly name: string;
  /** Empty for all interfaces; without brackets for IPv6. */
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly protocol: 'PLAINTEXT';
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface NamedAddress extends Address {
  readonly name: string;
}

/** `name://host:port`, separated by commas, as in `listeners` and `advertised.listeners`; `key` is for the message. */
export function parseListeners(key: string, text: string): NamedAddress[] {
  const seen = new Set<string>();
  return splitList(text).map((part) => {
    const [, name, rest = ''] = /^([^:/]+):\/\/(.*)$/.exec(part) ?? [];
    const address = hostAndPort(rest);
    if (name === undefined || address === undefined) {
      throw new MillraceError(
        'CONFIG',
        `Invalid value ${part} for configuration ${key}: write a listener as NAME://host:port.`,
      );
    }
    const upper = name.trim().toUpperCase();
    if (seen.has(upper))
      throw new MillraceError(
        'CONFIG',
        `Invalid value ${text} for configuration ${key}: the listener ${upper} is named twice.`,
      );
    seen.add(upper);
    return { name: upper, ...address };
  });
}

/** `host:port` or `[::1]:port`; the host may be empty. */
export function hostAndPort(text: string): Address | undefined {
  const [, bracketed, plain = '', digits = ''] =
    /^(?:\[([0-9a-fA-F:.%]+)\]|([^\s:/[\]]*)):(\d{1,5})$/.exec(text.trim()) ?? [];
  const port = Number(digits);
  return digits === '' || port > 65535 ? undefined : { host: bracketed ?? plain, port };
}

/** `name:protocol`, separated by commas. */
export function parseProtocols(text: string): Map<string, string> {
  const protocols = new Map<string, string>();
  for (const part of splitList(text)) {
    const [name = '', protocol, ...more] = part.split(':');
    if (protocol === undefined || more.length > 0) {
      throw new MillraceError(
        'CONFIG',
        `Invalid value ${text} for configuration listener.security.protocol.map: write it as NAME:PROTOCOL with commas between.`,
      );
    }
    protocols.set(name.trim().toUpperCase(), protocol.trim().toUpperCase());
  }
  return protocols;
}
