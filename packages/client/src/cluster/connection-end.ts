/** Why a connection could not be made, or ended: what the system said, and what is most likely behind it. */
import { ClientError } from '../error.ts';

/** What Node says when TLS itself, not the network, is the matter. */
const tlsCodes =
  /^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|INVALID_CA|CRL_)/;

/** UNREACHABLE, or AUTHENTICATION where the certificates or versions do not agree: no retry helps there. */
export function dialError(error: unknown, broker: string, isTls: boolean): ClientError {
  const message = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  if (isTls && code === 'ERR_SSL_WRONG_VERSION_NUMBER')
    return authentication(broker, 'it does not speak TLS on this port. Is security.protocol right?', error);
  if (isTls && tlsCodes.test(code)) return authentication(broker, `${message} (${code}).`, error);
  const hint = isTls && code === 'ECONNRESET' ? ' Does this port speak TLS?' : (dialHints.get(code) ?? '');
  return new ClientError('UNREACHABLE', `${broker} cannot be reached: ${message}.${hint}`, { cause: error, broker });
}

const dialHints: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', ' Nothing listens there: is the broker running, and the port right?'],
  ['ENOTFOUND', ' Nobody knows the name: is it spelled right, and known to this machine?'],
  ['EAI_AGAIN', ' The name could not be looked up: does this machine reach its name server?'],
]);

/** DISCONNECTED, or AUTHENTICATION where a broker refuses our certificate, which TLS 1.3 learns only after the handshake. */
export function endOf(broker: string, isTls: boolean, answerCount: number, error: Error | undefined): ClientError {
  const code = codeOf(error);
  if (isTls && tlsCodes.test(code)) return authentication(broker, `${error?.message} (${code}).`, error);
  const reason = error === undefined ? '' : `: ${error.message}`;
  const hint = answerCount > 1 ? '' : hints[isTls ? 'tls' : 'plain'][answerCount === 0 ? 'first' : 'second'];
  const text = `${broker} closed the connection${reason}.${hint}`;
  return new ClientError('DISCONNECTED', text, { broker, ...(error !== undefined && { cause: error }) });
}

/** Brokers close connections that speak otherwise than they expect without a word. */
const hints = {
  plain: {
    first: ' It had answered nothing: perhaps it expects TLS (security.protocol).',
    second:
      ' It had answered nothing but its versions: perhaps it expects a login (security.protocol, sasl.mechanism).',
  },
  tls: {
    first: ' It had answered nothing: perhaps it asks for a certificate (ssl.keystore.location).',
    second:
      ' It had answered nothing but its versions: perhaps it expects a login (security.protocol, sasl.mechanism).',
  },
} as const;

/** What first bytes mean that were read as the length of a frame. */
export function otherSpeech(declaredBytes: number): string {
  const isTlsAlert = declaredBytes >>> 16 === 0x1503;
  if (isTlsAlert) return ' (this is how TLS refuses: set security.protocol to SSL or SASL_SSL)';
  const isHttp = declaredBytes === Buffer.from('HTTP').readInt32BE(0);
  return isHttp ? ' (this is HTTP: no broker listens here)' : '';
}

function authentication(broker: string, reason: string, cause: unknown): ClientError {
  return new ClientError('AUTHENTICATION', `TLS with ${broker} failed: ${reason}`, { broker, cause });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
