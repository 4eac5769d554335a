/** The options that every client has, under Kafka's own names. */
import { boolean, int, list, long, password, string } from '@millrace/base';

const protocols = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] as const;

export const clientKeys = {
  'bootstrap.servers': list(
    null,
    { importance: 'high' },
    'Brokers to begin with, host:port, with commas between them.',
  ),
  'client.id': string('', {}, 'The name that brokers log, measure and limit this client by.'),
  'client.dns.lookup': string(
    'use_all_dns_ips',
    { oneOf: ['use_all_dns_ips', 'resolve_canonical_bootstrap_servers_only'] },
    'Without effect: all addresses of a name are tried in either case; canonical names are for Kerberos, which is not built in.',
  ),
  'client.rack': string(
    '',
    { importance: 'low' },
    'Where this client stands: consumers are named a replica nearby (KIP-392), and share partitions by it.',
  ),
  'request.timeout.ms': int(30_000, { min: 0 }, 'How long an answer may take.'),
  'default.api.timeout.ms': int(60_000, { min: 0 }, 'How long a call may take with all its retries.'),
  'retry.backoff.ms': long(100, { min: 0 }, 'The first pause before a request is sent again.'),
  'retry.backoff.max.ms': long(1000, { min: 0 }, 'The longest pause before a request is sent again.'),
  'reconnect.backoff.ms': long(50, { min: 0 }, 'The first pause before a broker is connected to again.'),
  'reconnect.backoff.max.ms': long(1000, { min: 0 }, 'The longest pause before a broker is connected to again.'),
  'socket.connection.setup.timeout.ms': long(10_000, {}, 'How long the first attempt to connect may take.'),
  'socket.connection.setup.timeout.max.ms': long(30_000, {}, 'How long a later attempt to connect may take.'),
  'connections.max.idle.ms': long(540_000, {}, 'A connection without requests is closed after this time.'),
  'send.buffer.bytes': int(131_072, { min: -1 }, 'Without effect: Node leaves it to the system.'),
  'receive.buffer.bytes': int(65_536, { min: -1 }, 'Without effect: Node leaves it to the system.'),
  'metadata.max.age.ms': long(300_000, { min: 0 }, 'Leaders are looked up anew after this time at the latest.'),
  'metadata.recovery.strategy': string(
    'rebootstrap',
    { oneOf: ['none', 'rebootstrap'], anyCase: true, importance: 'low' },
    'What is done when no known broker can be reached: begin again with bootstrap.servers, or nothing (KIP-899).',
  ),
  'metadata.recovery.rebootstrap.trigger.ms': long(
    300_000,
    { min: 0, importance: 'low' },
    'How long metadata may fail before bootstrap.servers are asked again (KIP-1102).',
  ),
  'security.protocol': string('PLAINTEXT', { oneOf: protocols }, 'How to talk to brokers.'),
  'ssl.truststore.certificates': password(null, { importance: 'high' }, 'Certificates to trust, PEM.'),
  'ssl.truststore.location': string(null, { importance: 'high' }, 'A file of certificates to trust, PEM.'),
  'ssl.truststore.type': string('PEM', { oneOf: ['PEM'] }, 'Only PEM; Java key stores cannot be read.'),
  'ssl.keystore.certificate.chain': password(
    null,
    { importance: 'high' },
    'This client’s certificate and those it hangs on, PEM.',
  ),
  'ssl.keystore.key': password(null, { importance: 'high' }, 'The private key, PEM.'),
  'ssl.keystore.location': string(null, { importance: 'high' }, 'A file with key and certificates.'),
  'ssl.keystore.password': password(null, { importance: 'high' }, 'Of a file that is PKCS12; PEM has none.'),
  'ssl.keystore.type': string('PEM', { oneOf: ['PEM', 'PKCS12'] }, 'What the file is. JKS cannot be read.'),
  'ssl.key.password': password(null, { importance: 'high' }, 'Of the private key.'),
  'ssl.endpoint.identification.algorithm': string(
    'https',
    { importance: 'low' },
    'Empty: the name in the certificate is not compared.',
  ),
  'ssl.enabled.protocols': list('TLSv1.2,TLSv1.3', { oneOf: ['TLSv1.2', 'TLSv1.3'] }, 'TLS versions that are offered.'),
  'ssl.protocol': string(
    'TLSv1.3',
    { oneOf: ['TLSv1.2', 'TLSv1.3'] },
    'Without effect: the newest of ssl.enabled.protocols that the broker knows is spoken.',
  ),
  'ssl.cipher.suites': list(
    '',
    { importance: 'low' },
    'OpenSSL names of the ciphers that are offered; empty leaves it to Node.',
  ),
  'sasl.mechanism': string(
    'GSSAPI',
    { oneOf: ['GSSAPI', 'PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] },
    'How to log in. GSSAPI (Kerberos) is Kafka’s default and not built in here.',
  ),
  'sasl.jaas.config': password(null, {}, 'Name and password in the form that Java clients take.'),
  'sasl.oauthbearer.token.endpoint.url': string(
    null,
    {},
    'Where tokens are fetched with client credentials; for its TLS, ssl.* keys are options in sasl.jaas.config.',
  ),
  'sasl.oauthbearer.header.urlencode': boolean(
    false,
    { importance: 'low' },
    'Whether name and secret are URL-encoded before a token is asked for (RFC 6749, 2.3.1).',
  ),
  'sasl.oauthbearer.scope': string(null, {}, 'The scope that a token is asked for.'),
  'sasl.oauthbearer.client.credentials.client.id': string(null, {}, 'Who asks for a token.'),
  'sasl.oauthbearer.client.credentials.client.secret': password(null, {}, 'The secret of who asks for a token.'),
  'metric.reporters': list('', { importance: 'low' }, 'Java classes; without effect here.'),
  'metrics.num.samples': int(2, { min: 1, importance: 'low' }, 'Windows that a rate is taken over.'),
  'metrics.sample.window.ms': long(30_000, { min: 0, importance: 'low' }, 'The length of such a window.'),
  'metrics.recording.level': string(
    'INFO',
    { oneOf: ['INFO', 'DEBUG', 'TRACE'], importance: 'low' },
    'What is measured.',
  ),
  'enable.metrics.push': boolean(
    true,
    { importance: 'low' },
    'Whether brokers may ask for this client’s metrics (KIP-714).',
  ),
  'security.providers': string(null, { importance: 'low' }, 'Java classes; without effect here.'),
} as const;
