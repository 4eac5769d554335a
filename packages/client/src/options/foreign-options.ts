/** Options under the names of other libraries, as whoever comes from there writes them first: name → ours. */
const ours: ReadonlyMap<string, string> = new Map(
  Object.entries({
    // kafkajs and @platformatic/kafka
    brokers: 'bootstrap.servers',
    bootstrapBrokers: 'bootstrap.servers',
    clientId: 'client.id',
    groupId: 'group.id',
    transactionalId: 'transactional.id',
    ssl: 'security.protocol',
    connectionTimeout: 'socket.connection.setup.timeout.ms',
    requestTimeout: 'request.timeout.ms',
    sessionTimeout: 'session.timeout.ms',
    rebalanceTimeout: 'max.poll.interval.ms',
    heartbeatInterval: 'heartbeat.interval.ms',
    metadataMaxAge: 'metadata.max.age.ms',
    maxInFlightRequests: 'max.in.flight.requests.per.connection',
    idempotent: 'enable.idempotence',
    compression: 'compression.type',
    createPartitioner: 'partitioner',
    retry: 'retry.backoff.ms',
    // librdkafka
    'metadata.broker.list': 'bootstrap.servers',
    'sasl.mechanisms': 'sasl.mechanism',
    'sasl.username': 'sasl',
    'sasl.password': 'sasl',
    'ssl.ca.location': 'ssl.truststore.location',
    'ssl.ca.pem': 'ssl.truststore.certificates',
    'ssl.certificate.location': 'ssl.keystore.location',
    'ssl.certificate.pem': 'ssl.keystore.certificate.chain',
    'ssl.key.location': 'ssl.keystore.location',
    'ssl.key.pem': 'ssl.keystore.key',
    'enable.ssl.certificate.verification': 'tls',
    'socket.timeout.ms': 'request.timeout.ms',
    'socket.connection.setup.timeout': 'socket.connection.setup.timeout.ms',
    'queue.buffering.max.ms': 'linger.ms',
    'queue.buffering.max.kbytes': 'buffer.memory',
    'queue.buffering.max.messages': 'buffer.memory',
    'message.max.bytes': 'max.request.size',
    'message.timeout.ms': 'delivery.timeout.ms',
    'message.send.max.retries': 'retries',
    'max.in.flight': 'max.in.flight.requests.per.connection',
    'request.required.acks': 'acks',
    'compression.codec': 'compression.type',
    'fetch.wait.max.ms': 'fetch.max.wait.ms',
    'fetch.message.max.bytes': 'max.partition.fetch.bytes',
  }),
);

/** The end of a sentence, where the name is known. */
export function foreignOption(name: string): string | undefined {
  const own = ours.get(name);
  return own === undefined ? undefined : ` Here it is "${own}": options have the names of Kafka's Java clients.`;
}
