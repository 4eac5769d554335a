/** Options of Java's clients that have no meaning here, and what takes their place. */
import { ClientError } from '../error.ts';

const serdes = 'Keys and values are written and read as `topics` says, an option of its own.';
const classes = 'Java classes cannot be loaded here.';
const stores = 'What is trusted is PEM, which has no password.';
const kerberos = 'GSSAPI (Kerberos) is not built in; `saslMechanism` takes one of your own.';
const renewal = 'A token is renewed when four fifths of its life are over; sessions as KIP-368 says.';
const assertions = 'Signed assertions are made by whoever gives `oauthBearerToken`.';
const validation = 'Tokens are checked by brokers.';
const fetching = 'request.timeout.ms bounds the fetching of a token.';

/** Name → why. */
export const leftOutOptions: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'key.serializer': serdes,
    'value.serializer': serdes,
    'key.deserializer': serdes,
    'value.deserializer': serdes,
    'interceptor.classes': `${classes} \`interceptors\` of a Producer are objects; \`observe\` is told of requests.`,
    'config.providers': classes,
    'bootstrap.resolve.timeout.ms': 'Names are looked up with each connection, within its time.',
    'metadata.cluster.check.enable': 'A cluster with another id than before is logged, and followed.',
    'share.acknowledgement.mode': 'An option of ShareConsumer.',
    'share.acquire.mode': 'An option of ShareConsumer.',
    'ssl.truststore.password': stores,
    'ssl.provider': classes,
    'ssl.keymanager.algorithm': classes,
    'ssl.trustmanager.algorithm': classes,
    'ssl.secure.random.implementation': classes,
    'ssl.engine.factory.class': `${classes} \`tls\` is handed to Node's own TLS.`,
    'sasl.kerberos.service.name': kerberos,
    'sasl.kerberos.kinit.cmd': kerberos,
    'sasl.kerberos.ticket.renew.window.factor': kerberos,
    'sasl.kerberos.ticket.renew.jitter': kerberos,
    'sasl.kerberos.min.time.before.relogin': kerberos,
    'sasl.client.callback.handler.class': `${classes} \`saslMechanism\` takes a mechanism of your own.`,
    'sasl.login.callback.handler.class': `${classes} \`oauthBearerToken\` and \`sasl\` take functions.`,
    'sasl.login.class': classes,
    'sasl.login.refresh.window.factor': renewal,
    'sasl.login.refresh.window.jitter': renewal,
    'sasl.login.refresh.min.period.seconds': renewal,
    'sasl.login.refresh.buffer.seconds': renewal,
    'sasl.login.connect.timeout.ms': fetching,
    'sasl.login.read.timeout.ms': fetching,
    'sasl.login.retry.backoff.ms': fetching,
    'sasl.login.retry.backoff.max.ms': fetching,
    'sasl.oauthbearer.jwt.retriever.class': `${classes} \`oauthBearerToken\` takes a function.`,
    'sasl.oauthbearer.jwt.validator.class': validation,
    'sasl.oauthbearer.assertion.algorithm': assertions,
    'sasl.oauthbearer.assertion.claim.aud': assertions,
    'sasl.oauthbearer.assertion.claim.exp.seconds': assertions,
    'sasl.oauthbearer.assertion.claim.iss': assertions,
    'sasl.oauthbearer.assertion.claim.jti.include': assertions,
    'sasl.oauthbearer.assertion.claim.nbf.seconds': assertions,
    'sasl.oauthbearer.assertion.claim.sub': assertions,
    'sasl.oauthbearer.assertion.file': assertions,
    'sasl.oauthbearer.assertion.private.key.file': assertions,
    'sasl.oauthbearer.assertion.private.key.passphrase': assertions,
    'sasl.oauthbearer.assertion.template.file': assertions,
    'sasl.oauthbearer.scope.claim.name': validation,
    'sasl.oauthbearer.sub.claim.name': validation,
    'sasl.oauthbearer.jwks.endpoint.url': validation,
    'sasl.oauthbearer.jwks.endpoint.refresh.ms': validation,
    'sasl.oauthbearer.jwks.endpoint.retry.backoff.ms': validation,
    'sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms': validation,
    'sasl.oauthbearer.clock.skew.seconds': validation,
    'sasl.oauthbearer.allow.unverified.audience': validation,
    'sasl.oauthbearer.expected.audience': validation,
    'sasl.oauthbearer.allow.unverified.issuer': validation,
    'sasl.oauthbearer.expected.issuer': validation,
  }),
);

export function leftOut(name: string): ClientError | undefined {
  const reason = leftOutOptions.get(name);
  if (reason === undefined) return undefined;
  return new ClientError('CONFIG', `Option "${name}" of Java's clients has no place here. ${reason}`);
}
